/**
 * Walks over a DOCTYPE with its internal subset, without keeping or expanding anything of it. Fed character by character, so that
 * its size and the chunks it comes in do not matter.
 */
export class XmlDoctype {
  #quote = 0;
  #inSubset = false;
  #state: 'plain' | 'comment' | 'instruction' = 'plain';
  /** The last three characters that were seen outside quotes. */
  #tail = '';

  /** Index after the closing `>`, or -1 when the text ends inside the declaration. */
  feed(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      if (this.#step(text.charAt(at))) return at + 1;
    }
    return -1;
  }

  #step(char: string): boolean {
    const code = char.charCodeAt(0);
    if (this.#quote !== 0) {
      if (code === this.#quote) this.#quote = 0;
      return false;
    }
    const tail = this.#tail;
    this.#tail = (tail + char).slice(-3);
    if (this.#state === 'comment') {
      if (char === '>' && tail.endsWith('--')) this.#leave();
      return false;
    }
    if (this.#state === 'instruction') {
      if (char === '>' && tail.endsWith('?')) this.#leave();
      return false;
    }
    if (char === '"' || char === "'") this.#quote = code;
    else if (char === '-' && tail === '<!-') this.#enter('comment');
    else if (char === '?' && tail.endsWith('<')) this.#enter('instruction');
    else if (char === '[') this.#inSubset = true;
    else if (char === ']') this.#inSubset = false;
    return char === '>' && !this.#inSubset;
  }

  #enter(state: 'comment' | 'instruction'): void {
    this.#state = state;
    this.#tail = '';
  }

  #leave(): void {
    this.#state = 'plain';
    this.#tail = '';
  }
}
