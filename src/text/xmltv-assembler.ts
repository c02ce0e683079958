import type { GuideId } from '../model/ids.ts';
import type { Reject } from '../model/items.ts';
import type { GuideChannel, Programme } from '../model/programme.ts';
import type { XmlAttributes } from './xml-attributes.ts';
import { type XmlHandler, type XmlWant, xmlWant } from './xml-scanner.ts';
import { ChannelBuilder } from './xmltv-channel.ts';
import { ProgrammeBuilder } from './xmltv-programme.ts';
import type { XmltvTimeReader } from './xmltv-time.ts';

/** A programme without a stop time ends where the next of its channel starts, if that is not later than this. */
export const maxOpenEndSec = 24 * 3600;
/** Programmes that wait for the next one of their channel; above this the oldest is rejected. */
const maxWaiting = 20_000;
const maxWaitingChars = 8 * 1024 * 1024;
/** Channel ids that are kept to share one string; above this they start anew. */
const maxIds = 100_000;
/** Longer ids are not kept. */
const maxIdChars = 200;

export interface AssemblerOptions {
  readonly time: XmltvTimeReader;
  readonly languages: readonly string[];
  readonly fromUnix: number;
  readonly toUnix: number;
  wanted(guideId: string): boolean;
  channel(channel: GuideChannel): void;
  programme(programme: Programme): void;
  reject(reject: Reject): void;
  line(): number;
}

interface Waiting {
  readonly programme: Programme;
  readonly line: number;
  readonly chars: number;
}

/** A string of its own: a slice would keep the whole chunk it was cut from. */
function ownCopy(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Turns the tags of a guide into channels and programmes, with the window and the wish applied at the start tag already. */
export class XmltvAssembler implements XmlHandler {
  readonly #options: AssemblerOptions;
  readonly #builder: ProgrammeBuilder;
  readonly #ids = new Map<string, GuideId>();
  readonly #waiting = new Map<GuideId, Waiting>();
  #waitingChars = 0;
  #channel: ChannelBuilder | undefined;
  #inProgramme = false;
  #guideId = '' as GuideId;
  #startUnix = 0;
  /** NaN while the guide does not tell. */
  #stopUnix = 0;
  #line = 0;
  /** Programmes that were passed over: outside the window, or of a channel nobody wants. */
  skipped = 0;
  /** The name of the first element. */
  root = '';
  strayText = '';
  sawGuide = false;

  constructor(options: AssemblerOptions) {
    this.#options = options;
    this.#builder = new ProgrammeBuilder(options.languages);
  }

  stray(text: string): void {
    this.strayText = text;
  }

  open(name: string, attributes: XmlAttributes): XmlWant {
    if (this.root === '') this.root = name;
    if (name === 'programme') return this.#openProgramme(attributes);
    if (this.#inProgramme && name !== 'channel') return this.#builder.open(name, attributes);
    if (name === 'channel') return this.#openChannel(attributes);
    return this.#channel === undefined ? xmlWant.nothing : this.#channel.open(name, attributes);
  }

  close(name: string, text: string): void {
    if (this.#inProgramme) {
      if (name === 'programme') this.#closeProgramme();
      else this.#builder.close(name, text);
    } else if (this.#channel !== undefined) {
      if (name === 'channel') this.#closeChannel();
      else this.#channel.close(name, text);
    }
  }

  /** Call it once after the last tag: what still waits for a next programme is rejected. */
  finish(): void {
    for (const waiting of this.#waiting.values()) this.#rejectOpenEnd(waiting);
    this.#waiting.clear();
  }

  #openChannel(attributes: XmlAttributes): XmlWant {
    // An element that is opened inside another of its kind ends it: its end tag is missing.
    if (this.#inProgramme) this.#closeProgramme();
    if (this.#channel !== undefined) this.#closeChannel();
    this.sawGuide = true;
    const id = attributes.get('id')?.trim() ?? '';
    if (id === '') {
      this.#options.reject({ what: 'guide-channel', at: this.#options.line(), reason: 'The channel has no id' });
      return xmlWant.skip;
    }
    this.#channel = new ChannelBuilder(this.#idOf(id));
    return xmlWant.nothing;
  }

  #closeChannel(): void {
    if (this.#channel !== undefined) this.#options.channel(this.#channel.build());
    this.#channel = undefined;
  }

  #openProgramme(attributes: XmlAttributes): XmlWant {
    if (this.#inProgramme) this.#closeProgramme();
    if (this.#channel !== undefined) this.#closeChannel();
    this.sawGuide = true;
    const id = attributes.get('channel')?.trim() ?? '';
    if (id === '') return this.#refuse('The programme names no channel', attributes);
    if (!this.#options.wanted(id)) return this.#pass();
    const guideId = this.#idOf(id);
    const start = attributes.get('start')?.trim() ?? '';
    if (start === '') return this.#refuse('The programme has no start time', attributes);
    const startUnix = this.#options.time(start);
    if (startUnix === undefined) return this.#refuse('The start time can not be read', attributes);
    this.#endWaiting(guideId, startUnix);
    const stop = attributes.get('stop')?.trim() ?? '';
    const stopUnix = stop === '' ? Number.NaN : this.#options.time(stop);
    if (stopUnix === undefined) return this.#refuse('The stop time can not be read', attributes);
    if (stopUnix <= startUnix) return this.#refuse('The programme does not end after its start', attributes);
    if (startUnix >= this.#options.toUnix || stopUnix <= this.#options.fromUnix) return this.#pass();
    this.#guideId = guideId;
    this.#startUnix = startUnix;
    this.#stopUnix = stopUnix;
    this.#line = -1;
    if (stop === '') this.#line = this.#options.line();
    this.#builder.start(guideId, startUnix, attributes.get('catchup-id')?.trim());
    this.#inProgramme = true;
    return xmlWant.nothing;
  }

  #pass(): XmlWant {
    this.skipped++;
    return xmlWant.skip;
  }

  #refuse(reason: string, attributes: XmlAttributes): XmlWant {
    const excerpt = ['channel', 'start', 'stop'].map((name) => `${name}="${attributes.get(name) ?? ''}"`).join(' ');
    this.#options.reject({ what: 'programme', at: this.#options.line(), reason, excerpt: excerpt.slice(0, 120) });
    return xmlWant.skip;
  }

  #closeProgramme(): void {
    this.#inProgramme = false;
    if (this.#builder.title === '') {
      const at = this.#line > 0 ? this.#line : this.#options.line();
      const excerpt = `channel="${this.#guideId}"`.slice(0, 120);
      this.#options.reject({ what: 'programme', at, reason: 'The programme has no title', excerpt });
      return;
    }
    if (!Number.isNaN(this.#stopUnix)) {
      this.#options.programme(this.#builder.build(this.#stopUnix));
    } else if (this.#builder.lengthSec > 0) {
      this.#deliver(this.#builder.build(this.#startUnix + this.#builder.lengthSec));
    } else {
      // Its strings must not keep the chunks they were cut from.
      const copy = JSON.stringify(this.#builder.build(this.#startUnix));
      this.#wait({ programme: JSON.parse(copy) as Programme, line: this.#line, chars: copy.length });
    }
  }

  #wait(waiting: Waiting): void {
    const before = this.#waiting.get(waiting.programme.guideId);
    if (before !== undefined) this.#giveUp(before);
    for (const oldest of this.#waiting.values()) {
      if (this.#waiting.size < maxWaiting && this.#waitingChars + waiting.chars <= maxWaitingChars) break;
      this.#giveUp(oldest);
    }
    this.#waiting.set(waiting.programme.guideId, waiting);
    this.#waitingChars += waiting.chars;
  }

  #forget({ programme, chars }: Waiting): void {
    this.#waiting.delete(programme.guideId);
    this.#waitingChars -= chars;
  }

  #giveUp(waiting: Waiting): void {
    this.#forget(waiting);
    this.#rejectOpenEnd(waiting);
  }

  #endWaiting(guideId: GuideId, nextUnix: number): void {
    const waiting = this.#waiting.size === 0 ? undefined : this.#waiting.get(guideId);
    if (waiting === undefined || nextUnix <= waiting.programme.startUnix) return;
    this.#forget(waiting);
    if (nextUnix - waiting.programme.startUnix > maxOpenEndSec) this.#rejectOpenEnd(waiting);
    else this.#deliver({ ...waiting.programme, stopUnix: nextUnix });
  }

  /** For a programme whose end came to be known late. */
  #deliver(programme: Programme): void {
    if (programme.stopUnix > this.#options.fromUnix) this.#options.programme(programme);
    else this.skipped++;
  }

  #rejectOpenEnd({ programme, line }: Waiting): void {
    const reason = 'The programme has no stop time and none follows it within 24 hours';
    const excerpt = `channel="${programme.guideId}" ${programme.title}`.slice(0, 120);
    this.#options.reject({ what: 'programme', at: line, reason, excerpt });
  }

  #idOf(id: string): GuideId {
    if (id.length > maxIdChars) return ownCopy(id) as GuideId;
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    if (this.#ids.size >= maxIds) this.#ids.clear();
    const own = ownCopy(id) as GuideId;
    this.#ids.set(own, own);
    return own;
  }
}
