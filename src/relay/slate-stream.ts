import { patPid } from '../mpegts/packet.ts';
import { UnitPacker } from '../mpegts/unit-packer.ts';
import type { SlateLayout } from './slate-layout.ts';
import { slatePictures, slateSilence, slateSilences } from './slate-media.ts';
import type { SlateReason } from './slate-reason.ts';

/** Milliseconds of a frame: 25 a second. */
export const slateFrameMs = 40;
const frameTicks = slateFrameMs * 90;
const soundHz = 48_000;
/** The first picture's time, and how long before its time each is sent. */
const startTicks = 90_000;
const leadTicks = 45_000;
/** Tables come this often. */
const tablesEvery = 10;

/** A transport stream of a still picture and silence, made frame by frame. It starts with PAT, PMT and a key frame. */
export class SlateStream {
  readonly #layout: SlateLayout;
  readonly #packer = new UnitPacker();
  #reason: SlateReason;
  #pictures: readonly Buffer[] = [];
  /** Frames made, and the one of them at which the picture group began. */
  #made = 0;
  #groupAt = 0;
  #sounds = 0;

  constructor(layout: SlateLayout, reason: SlateReason) {
    this.#layout = layout;
    this.#reason = reason;
    this.#load();
  }

  /** The next frame begins the picture of another reason. */
  show(reason: SlateReason): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#load();
  }

  /** The next `count` frames with their sound. */
  frames(count: number): Buffer {
    const parts: Buffer[] = [];
    for (let n = 0; n < count; n++) this.#frame(parts);
    return Buffer.concat(parts);
  }

  #load(): void {
    const { video } = this.#layout;
    this.#pictures = video === null ? [] : slatePictures(this.#reason, video.codec, video.height);
    this.#groupAt = this.#made;
  }

  #frame(parts: Buffer[]): void {
    const { tables, pmtPid, pcrPid, video, audio } = this.#layout;
    const pts = startTicks + this.#made * frameTicks;
    const pcr = (pts - leadTicks) * 300;
    if (this.#pictures.length > 0 && this.#made - this.#groupAt >= this.#pictures.length) this.#groupAt = this.#made;
    const inGroup = this.#made - this.#groupAt;
    if (inGroup === 0 || this.#made % tablesEvery === 0)
      parts.push(this.#packer.again(patPid, tables.pat), this.#packer.again(pmtPid, tables.pmt));
    if (pcrPid !== video?.pid) parts.push(this.#packer.clock(pcrPid, pcr));
    const picture = this.#pictures[inGroup];
    if (video !== null && picture !== undefined) {
      const marks = { randomAccess: inGroup === 0, ...(pcrPid === video.pid ? { pcr } : {}) };
      parts.push(this.#packer.unit(video.pid, 0xe0, picture, pts, marks));
    }
    this.#made++;
    if (audio !== null) this.#sound(parts, audio);
  }

  /** Sound up to the end of the frame. */
  #sound(parts: Buffer[], audio: NonNullable<SlateLayout['audio']>): void {
    const { samples, streamId } = slateSilences[audio.codec];
    const silence = slateSilence(audio.codec);
    const at = (sound: number): number => Math.round((sound * samples * 90_000) / soundHz);
    for (; at(this.#sounds) < this.#made * frameTicks; this.#sounds++)
      parts.push(this.#packer.unit(audio.pid, streamId, silence, startTicks + at(this.#sounds)));
  }
}
