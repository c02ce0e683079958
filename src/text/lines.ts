import { CharsetDecoder } from './charset.ts';

/** One line of a text without its end. `cut`: it was longer than allowed and its rest was dropped. */
export type LineHandler = (line: string, number: number, cut: boolean) => void;

/**
 * Splits the bytes of a text into lines: LF, CRLF and lone CR end one. Byte order marks are taken away and the charset is found
 * (see CharsetDecoder). Lines are counted from 1; a last one without an end is given by `end()`.
 */
export class LineSplitter {
  readonly #onLine: LineHandler;
  readonly #maxChars: number;
  readonly #decoder = new CharsetDecoder();
  #pending = '';
  #cut = false;
  #number = 0;
  /** The last piece ended with CR: a LF that follows belongs to it. */
  #afterReturn = false;

  constructor(onLine: LineHandler, { maxChars = 1_048_576 }: { readonly maxChars?: number } = {}) {
    this.#onLine = onLine;
    this.#maxChars = maxChars;
  }

  write(chunk: Uint8Array): void {
    this.#split(this.#decoder.write(chunk));
  }

  end(): void {
    this.#split(this.#decoder.end());
    if (this.#pending !== '' || this.#cut) this.#give();
  }

  #split(piece: string): void {
    if (piece === '') return;
    let text = piece;
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = piece.endsWith('\r');
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#add(text.slice(from, end));
      this.#give();
      from = end + 1;
    }
    if (from < text.length) this.#add(text.slice(from));
  }

  #add(part: string): void {
    const room = this.#maxChars - this.#pending.length;
    if (part.length > room) this.#cut = true;
    const kept = part.length > room ? part.slice(0, room) : part;
    this.#pending = this.#pending === '' ? kept : this.#pending + kept;
  }

  #give(): void {
    const line = this.#pending;
    const cut = this.#cut;
    this.#pending = '';
    this.#cut = false;
    this.#onLine(line, ++this.#number, cut);
  }
}
