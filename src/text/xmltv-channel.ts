import type { GuideId } from '../model/ids.ts';
import type { GuideChannel } from '../model/programme.ts';
import type { XmlAttributes } from './xml-attributes.ts';
import { type XmlWant, xmlWant } from './xml-scanner.ts';

const maxNames = 100;
const looksLikeNumber = /^\d{1,5}(?:[.-]\d{1,4})?$/;

/** Builds one `GuideChannel` from the children of a `channel` element. */
export class ChannelBuilder {
  readonly #id: GuideId;
  readonly #names: string[] = [];
  #icon = '';
  #number = '';
  #url = '';

  constructor(id: GuideId) {
    this.#id = id;
  }

  open(name: string, attributes: XmlAttributes): XmlWant {
    switch (name) {
      case 'display-name':
      case 'lcn':
      case 'url':
        return xmlWant.text;
      case 'icon':
        if (this.#icon === '') this.#icon = attributes.get('src')?.trim() ?? '';
        return xmlWant.nothing;
      default:
        return xmlWant.skip;
    }
  }

  close(name: string, written: string): void {
    const text = written.trim();
    if (text === '') return;
    if (name === 'display-name' && this.#names.length < maxNames && !this.#names.includes(text)) this.#names.push(text);
    if (name === 'lcn') this.#number ||= text;
    if (name === 'url') this.#url ||= text;
  }

  /** The number is that of `lcn`, else the first name that is nothing but a number. */
  build(): GuideChannel {
    const number = this.#number || this.#names.find((name) => looksLikeNumber.test(name));
    return {
      id: this.#id,
      names: this.#names,
      ...(this.#icon !== '' && { icon: this.#icon }),
      ...(number !== undefined && { number }),
      ...(this.#url !== '' && { url: this.#url }),
    };
  }
}
