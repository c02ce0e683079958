import { reportSegment, type SegmentReport } from './hls-segment-report.ts';

/** A segment as one snapshot of a media playlist lists it. */
export interface ListedSegment {
  readonly sequence: number;
  readonly uri: string;
  readonly seconds: number;
  readonly discontinuity: boolean;
  readonly dateTime: string | null;
}

export interface PlaylistSnapshot {
  readonly target: number;
  readonly sequence: number;
  readonly discontinuitySequence: number;
  readonly isIndependent: boolean;
  readonly segments: readonly ListedSegment[];
}

const ptsWrap = 2 ** 33;
const integer = /^(?:0|[1-9]\d{0,19})$/;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Reads a media playlist as RFC 8216 has it, and says what is wrong with it by itself. */
export function readSnapshot(text: string): { snapshot: PlaylistSnapshot; problems: string[] } {
  const problems: string[] = [];
  const lines = text.split(/\r?\n/);
  if (lines[0] !== '#EXTM3U') problems.push('the first line is not #EXTM3U');
  if (text.includes('\uFEFF')) problems.push('there is a byte order mark');
  const once = new Map<string, string>();
  const segments: ListedSegment[] = [];
  let seconds: number | null = null;
  let discontinuity = false;
  let date: string | null = null;
  for (const line of lines.slice(1)) {
    const [, name = '', value = ''] = /^#(EXT[\w-]*):?(.*)$/.exec(line) ?? [];
    if (line === '' || (line.startsWith('#') && !line.startsWith('#EXT'))) continue;
    if (!line.startsWith('#')) {
      if (seconds === null) problems.push(`${line} has no EXTINF`);
      segments.push({ sequence: -1, uri: line, seconds: seconds ?? 0, discontinuity, dateTime: date });
      seconds = null;
      date = null;
      discontinuity = false;
    } else if (name === 'EXTINF') {
      if (!/^\d+(?:\.\d+)?,/.test(value)) problems.push(`EXTINF:${value} is no duration with a comma`);
      seconds = Number.parseFloat(value);
    } else if (name === 'EXT-X-DISCONTINUITY') discontinuity = true;
    else if (name === 'EXT-X-PROGRAM-DATE-TIME') {
      if (!dateTime.test(value)) problems.push(`${value} is no date and time with its zone`);
      date = value;
    } else {
      if (once.has(name)) problems.push(`${name} comes twice`);
      once.set(name, value);
      const early = ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE'].includes(name);
      if (early && (segments.length > 0 || seconds !== null || discontinuity))
        problems.push(`${name} comes after the first segment has begun`);
    }
  }
  if (seconds !== null) problems.push('the last EXTINF has no address');
  const number = (name: string, absent: number | null): number => {
    const value = once.get(name);
    if (value === undefined && absent !== null) return absent;
    if (value === undefined || !integer.test(value)) problems.push(`${name} is ${value ?? 'missing'}`);
    return Number(value);
  };
  if (number('EXT-X-VERSION', 1) < 3 && segments.some((segment) => !Number.isInteger(segment.seconds)))
    problems.push('durations with a fraction need version 3');
  const target = number('EXT-X-TARGETDURATION', null);
  const sequence = number('EXT-X-MEDIA-SEQUENCE', 0);
  for (const { uri, seconds: length } of segments)
    if (Math.round(length) > target) problems.push(`${uri} lasts ${length} s, longer than the target of ${target} s`);
  const snapshot = {
    target,
    sequence,
    discontinuitySequence: number('EXT-X-DISCONTINUITY-SEQUENCE', 0),
    isIndependent: once.has('EXT-X-INDEPENDENT-SEGMENTS'),
    segments: segments.map((segment, n) => ({ ...segment, sequence: sequence + n })),
  };
  return { snapshot, problems };
}

/**
 * Holds what a live media playlist and its segments promise against RFC 8216. Give it every snapshot of one address, and the segments in
 * order; `problems` tells what is wrong. It uses no code of the engine.
 */
export class HlsValidator {
  readonly problems: string[] = [];
  #last: PlaylistSnapshot | null = null;
  readonly #segments = new Map<number, ListedSegment>();
  readonly #byUri = new Map<string, number>();
  readonly #reports = new Map<number, SegmentReport>();
  /** Segments that are listed as longer than what is in them. */
  readonly #bridges = new Map<number, { listed: ListedSegment; first: number; frame: number; seconds: number }>();

  /** The newest snapshot. */
  get last(): PlaylistSnapshot | null {
    return this.#last;
  }

  /** How many segments have been looked at. */
  get checked(): number {
    return this.#reports.size;
  }

  /** Listed segments that were not given yet. */
  get missing(): readonly ListedSegment[] {
    return (this.#last?.segments ?? []).filter(({ sequence }) => !this.#reports.has(sequence));
  }

  playlist(text: string): PlaylistSnapshot {
    const { snapshot, problems } = readSnapshot(text);
    this.problems.push(...problems);
    for (const segment of snapshot.segments) this.#checkSegment(segment);
    if (this.#last !== null) this.#compare(this.#last, snapshot);
    this.#last = snapshot;
    return snapshot;
  }

  /** The bytes of a listed transport-stream segment. */
  segment(sequence: number, bytes: Buffer): void {
    const listed = this.#segments.get(sequence);
    if (listed === undefined) {
      this.problems.push(`segment ${sequence} was never listed`);
      return;
    }
    const report = reportSegment(bytes);
    const say = (text: string): number => this.problems.push(`segment ${sequence}: ${text}`);
    for (const problem of report.problems) say(problem);
    if (this.#last?.isIndependent === true && !report.startsWithKey) say('it does not begin with a key frame');
    const before = this.#reports.get(sequence - 1);
    if (before !== undefined && !listed.discontinuity) checkJoint(before, report, say);
    this.#checkLength(listed, report, say);
    this.#checkBridge(sequence, report);
    this.#reports.set(sequence, report);
  }

  #checkSegment(segment: ListedSegment): void {
    const { sequence, uri } = segment;
    const known = this.#segments.get(sequence);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(segment))
      this.problems.push(`segment ${sequence} was ${JSON.stringify(known)} and is ${JSON.stringify(segment)}`);
    const other = this.#byUri.get(uri);
    if (other !== undefined && other !== sequence)
      this.problems.push(`${uri} is segment ${other} and segment ${sequence}`);
    this.#segments.set(sequence, segment);
    this.#byUri.set(uri, sequence);
  }

  #compare(old: PlaylistSnapshot, now: PlaylistSnapshot): void {
    const say = (text: string): number => this.problems.push(text);
    if (now.target !== old.target) say(`the target duration was ${old.target} and is ${now.target}`);
    if (now.sequence < old.sequence) say(`the media sequence went back from ${old.sequence} to ${now.sequence}`);
    if (now.isIndependent && !old.isIndependent) say('segments are independent again');
    const oldEnd = old.sequence + old.segments.length;
    if (now.sequence + now.segments.length < oldEnd) say('segments went from the end');
    const removed = old.segments.filter(({ sequence }) => sequence < now.sequence);
    const discontinuities = old.discontinuitySequence + removed.filter(({ discontinuity }) => discontinuity).length;
    if (now.sequence <= oldEnd && now.discontinuitySequence !== discontinuities)
      say(`the discontinuity sequence has to be ${discontinuities} and is ${now.discontinuitySequence}`);
    if (now.discontinuitySequence < old.discontinuitySequence) say('the discontinuity sequence went back');
    const length = now.segments.reduce((sum, { seconds }) => sum + seconds, 0);
    if (removed.length > 0 && length < 3 * now.target)
      say(`segments went while ${length.toFixed(3)} s are left, less than three target durations`);
  }

  #checkLength(listed: ListedSegment, { stamps }: SegmentReport, say: (text: string) => void): void {
    const [first] = stamps;
    const last = stamps.at(-1);
    if (first === undefined || last === undefined || stamps.length < 2) {
      if (listed.seconds > 0.5) say('it has no times');
      return;
    }
    const span = (last - first + ptsWrap) % ptsWrap;
    const step = span / (stamps.length - 1);
    const seconds = (span + step) / 90_000;
    const frame = step / 90_000 + 0.001;
    if (seconds > listed.seconds + frame)
      say(`it lasts ${seconds.toFixed(3)} s and is listed with ${listed.seconds} s`);
    else if (seconds < listed.seconds - frame) this.#bridges.set(listed.sequence, { listed, first, frame, seconds });
  }

  /** One may be listed as longer than it is only where the next one goes on that much later. */
  #checkBridge(sequence: number, { stamps }: SegmentReport): void {
    const bridge = this.#bridges.get(sequence - 1);
    if (bridge === undefined) return;
    this.#bridges.delete(sequence - 1);
    const { listed, first, frame, seconds } = bridge;
    const apart = (((stamps[0] ?? first) - first + ptsWrap) % ptsWrap) / 90_000;
    if (this.#segments.get(sequence)?.discontinuity === true || Math.abs(apart - listed.seconds) > frame)
      this.problems.push(
        `segment ${listed.sequence}: it lasts ${seconds.toFixed(3)} s and is listed with ${listed.seconds} s`,
      );
  }
}

/** A segment that goes on where the one before it ended. */
function checkJoint(before: SegmentReport, now: SegmentReport, say: (text: string) => void): void {
  if (before.layout !== now.layout)
    say(`its streams are ${now.layout} after ${before.layout}, without a discontinuity`);
  for (const [pid, { first }] of now.counters) {
    const last = before.counters.get(pid)?.last;
    if (last === undefined || pid === 0x1fff) continue;
    if (first !== ((last + 1) & 15) && first !== last) say(`PID ${pid} counts ${first} after ${last}`);
  }
  const [first] = now.stamps;
  const last = before.stamps.at(-1);
  if (first === undefined || last === undefined) return;
  const gap = ((first - last + ptsWrap) % ptsWrap) / 90_000;
  if (gap > 1) say(`its times go on after ${gap > ptsWrap / 180_000 ? 'a step back' : `${gap.toFixed(3)} s`}`);
}
