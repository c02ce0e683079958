import type { GuideId } from '../model/ids.ts';
import { type Credit, creditKinds, type Programme } from '../model/programme.ts';
import type { XmlAttributes } from './xml-attributes.ts';
import { type XmlWant, xmlWant } from './xml-scanner.ts';
import { parseOnscreen, parseXmltvNs } from './xmltv-episode.ts';

type Draft = { -readonly [Key in keyof Programme]?: Programme[Key] };

const knownCredits: ReadonlySet<string> = new Set(creditKinds);

/** Categories, keywords, people and ids of one programme; what is beyond is dropped. */
const maxListed = 200;

function addOnce(list: string[], text: string): void {
  if (list.length < maxListed && !list.includes(text)) list.push(text);
}

const unitSeconds: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600 };

/** `2026`, `20260829`, `2026-08-29`, each with anything after it: the year, and the day where it is given. */
export function parseXmltvDate(text: string): { readonly year?: number; readonly airDate?: string } {
  const match = /^(\d{4})(?:-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01]))?/.exec(text);
  if (match === null) return {};
  const year = Number(match[1]);
  return match[2] === undefined ? { year } : { year, airDate: `${match[1]}-${match[2]}-${match[3]}` };
}

/** How well a `lang` fits the wished languages: 0 is best. `en` also takes `en-GB`. */
export function languageRank(languages: readonly string[], language: string | undefined): number {
  const wanted = language?.toLowerCase() ?? '';
  const rank = languages.findIndex((wish) => wanted === wish || wanted.startsWith(`${wish}-`));
  return rank < 0 ? languages.length : rank;
}

/** Builds one `Programme` from the children of a `programme` element. Reused for all of a guide: it allocates only what is kept. */
export class ProgrammeBuilder {
  readonly #languages: readonly string[];
  #draft: Draft = {};
  #categories: string[] = [];
  #keywords: string[] = [];
  #credits: Credit[] = [];
  #ids: Record<string, string> = {};
  #hasIds = false;
  #idCount = 0;
  /** The element with structure we are in: `credits`, `rating`, `star-rating`. */
  #inside = '';
  /** The text element we are in: markup inside of it belongs to its text. */
  #texting = '';
  #titleRank = 0;
  #subtitleRank = 0;
  #descriptionRank = 0;
  #rank = 0;
  #system = '';
  #role = '';
  #unit = 0;
  #image = '';
  #shown = '';
  #lengthSec = 0;

  constructor(languages: readonly string[] = []) {
    this.#languages = languages.map((language) => language.toLowerCase());
  }

  start(guideId: GuideId, startUnix: number, catchupId?: string): void {
    this.#draft = { guideId, startUnix, stopUnix: startUnix, title: '', ...(catchupId ? { catchupId } : {}) };
    this.#categories = [];
    this.#keywords = [];
    this.#credits = [];
    this.#hasIds = false;
    this.#inside = '';
    this.#texting = '';
    this.#titleRank = this.#subtitleRank = this.#descriptionRank = Number.POSITIVE_INFINITY;
    this.#image = '';
    this.#shown = '';
    this.#lengthSec = 0;
  }

  get title(): string {
    return this.#draft.title ?? '';
  }

  /** What `length` says, in seconds; 0 when it says nothing. */
  get lengthSec(): number {
    return this.#lengthSec;
  }

  open(name: string, attributes: XmlAttributes): XmlWant {
    const want = this.#open(name, attributes);
    if (want === xmlWant.text) this.#texting = name;
    else if (want === xmlWant.skip && this.#texting !== '') return xmlWant.asParent;
    return want;
  }

  #open(name: string, attributes: XmlAttributes): XmlWant {
    switch (name) {
      case 'title':
        return this.#prefer(this.#titleRank, attributes);
      case 'sub-title':
        return this.#prefer(this.#subtitleRank, attributes);
      case 'desc':
        return this.#prefer(this.#descriptionRank, attributes);
      case 'category':
      case 'keyword':
      case 'date':
        return xmlWant.text;
      case 'country':
        return this.#draft.country === undefined ? xmlWant.text : xmlWant.nothing;
      case 'language':
        return this.#draft.language === undefined ? xmlWant.text : xmlWant.nothing;
      case 'episode-num':
        this.#system = attributes.get('system')?.trim() ?? '';
        return xmlWant.text;
      case 'icon':
        if (this.#inside === '' && this.#draft.icon === undefined) this.#set('icon', attributes.get('src') ?? '');
        return xmlWant.nothing;
      case 'image':
        return this.#inside === '' && this.#image === '' ? xmlWant.text : xmlWant.nothing;
      // It belongs to a person or to the programme; nothing asks for it.
      case 'url':
        return xmlWant.nothing;
      case 'length':
        this.#unit = unitSeconds[attributes.get('units')?.trim() ?? ''] ?? 0;
        return xmlWant.text;
      case 'previously-shown':
        this.#draft.isRepeat = true;
        this.#shown = attributes.get('start') ?? '';
        return xmlWant.nothing;
      case 'new':
        this.#draft.isNew = true;
        return xmlWant.nothing;
      case 'premiere':
        this.#draft.isPremiere = true;
        return xmlWant.nothing;
      case 'live':
        this.#draft.isLive = true;
        return xmlWant.nothing;
      case 'rating':
        if (this.#draft.rating === undefined) this.#system = attributes.get('system')?.trim() ?? '';
        this.#inside = name;
        return xmlWant.nothing;
      case 'star-rating':
      case 'credits':
        this.#inside = name;
        return xmlWant.nothing;
      case 'value':
        return this.#inside === 'rating' || this.#inside === 'star-rating' ? xmlWant.text : xmlWant.skip;
      default:
        if (this.#inside !== 'credits' || !knownCredits.has(name)) return xmlWant.skip;
        this.#role = name === 'actor' ? (attributes.get('role')?.trim() ?? '') : '';
        return xmlWant.text;
    }
  }

  /** The wished language wins, then the first. Without a wish the others are not even read. */
  #prefer(present: number, attributes: XmlAttributes): XmlWant {
    this.#rank = this.#languages.length === 0 ? 0 : languageRank(this.#languages, attributes.get('lang'));
    return this.#rank < present ? xmlWant.text : xmlWant.nothing;
  }

  #set(key: 'icon' | 'language' | 'country' | 'onscreen' | 'ddProgId' | 'starRating', text: string): void {
    const value = text.trim();
    if (value !== '' && this.#draft[key] === undefined) this.#draft[key] = value;
  }

  close(name: string, written: string): void {
    if (name === this.#texting) this.#texting = '';
    if (name === this.#inside) this.#inside = '';
    const text = written.trim();
    if (text === '') return;
    switch (name) {
      case 'title':
        this.#draft.title = text;
        this.#titleRank = this.#rank;
        break;
      case 'sub-title':
        this.#draft.subtitle = text;
        this.#subtitleRank = this.#rank;
        break;
      case 'desc':
        this.#draft.description = text;
        this.#descriptionRank = this.#rank;
        break;
      case 'category':
        addOnce(this.#categories, text);
        break;
      case 'keyword':
        addOnce(this.#keywords, text);
        break;
      case 'country':
      case 'language':
        this.#set(name, text);
        break;
      case 'date':
        if (this.#draft.year === undefined) Object.assign(this.#draft, parseXmltvDate(text));
        break;
      case 'episode-num':
        this.#episode(text);
        break;
      case 'image':
        this.#image = text;
        break;
      case 'length':
        this.#lengthSec = this.#unit * Number.parseInt(text, 10) || 0;
        break;
      case 'value':
        this.#value(text);
        break;
      default:
        if (knownCredits.has(name)) this.#credit(name as Credit['kind'], text);
    }
  }

  #credit(kind: Credit['kind'], name: string): void {
    if (this.#credits.length >= maxListed) return;
    this.#credits.push(this.#role === '' ? { kind, name } : { kind, name, role: this.#role });
  }

  #airDate(text: string): void {
    const { airDate } = parseXmltvDate(text);
    if (airDate !== undefined) this.#draft.airDate ??= airDate;
  }

  #value(value: string): void {
    if (this.#inside === 'star-rating') this.#set('starRating', value);
    else if (this.#draft.rating === undefined) {
      this.#draft.rating = this.#system === '' ? { value } : { system: this.#system, value };
    }
  }

  #episode(text: string): void {
    switch (this.#system) {
      case 'xmltv_ns':
        Object.assign(this.#draft, parseXmltvNs(text));
        break;
      case 'dd_progid':
        this.#set('ddProgId', text);
        break;
      case 'onscreen':
      case 'SxxExx':
      case 'common':
      // Without a system it is `onscreen` (xmltv.dtd).
      case '':
        this.#set('onscreen', text);
        break;
      case 'original-air-date':
        this.#airDate(text);
        break;
      case '__proto__':
        break;
      default:
        if (!this.#hasIds) {
          this.#ids = {};
          this.#idCount = 0;
        }
        if (this.#idCount++ >= maxListed) break;
        this.#hasIds = true;
        if (!Object.hasOwn(this.#ids, this.#system)) this.#ids[this.#system] = text;
    }
  }

  /** The finished programme; `title` may still be empty. */
  build(stopUnix: number): Programme {
    const draft = this.#draft;
    draft.stopUnix = stopUnix;
    if (this.#categories.length > 0) draft.categories = this.#categories;
    if (this.#keywords.length > 0) draft.keywords = this.#keywords;
    if (this.#credits.length > 0) draft.credits = this.#credits;
    if (this.#hasIds) draft.ids = this.#ids;
    if (this.#image !== '') this.#set('icon', this.#image);
    if (draft.onscreen !== undefined && draft.episode === undefined && draft.season === undefined) {
      Object.assign(draft, parseOnscreen(draft.onscreen));
    }
    if (this.#shown !== '') this.#airDate(this.#shown);
    return draft as Programme;
  }
}
