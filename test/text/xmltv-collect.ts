import type { Reject } from '../../src/model/items.ts';
import type { GuideChannel, Programme } from '../../src/model/programme.ts';
import { readXmltv, type XmltvOptions, type XmltvSummary } from '../../src/text/xmltv-reader.ts';
import { pieces } from './pieces.ts';

export interface Got {
  readonly channels: GuideChannel[];
  readonly programmes: Programme[];
  readonly rejects: Reject[];
  readonly summary: XmltvSummary;
}

export async function collect(chunks: AsyncIterable<Uint8Array>, options: XmltvOptions = {}): Promise<Got> {
  const channels: GuideChannel[] = [];
  const programmes: Programme[] = [];
  const rejects: Reject[] = [];
  const sink = {
    channels: (batch: readonly GuideChannel[]) => void channels.push(...batch),
    programmes: (batch: readonly Programme[]) => void programmes.push(...batch),
    reject: (reject: Reject) => void rejects.push(reject),
  };
  return { summary: await readXmltv(chunks, sink, options), channels, programmes, rejects };
}

export const read = (text: string | Buffer, options?: XmltvOptions): Promise<Got> =>
  collect(pieces(Buffer.from(text), 7), options);
export const tv = (inside: string): string => `<?xml version="1.0"?><!DOCTYPE tv SYSTEM "xmltv.dtd"><tv>${inside}</tv>`;
export const times = 'start="20261121180000 +0000" stop="20261121190000 +0000"';
export const programme = (inside: string): string => tv(`<programme ${times} channel="a">${inside}</programme>`);
export const start = Date.parse('2026-11-21T18:00:00Z') / 1000;
export const base = { guideId: 'a', startUnix: start, stopUnix: start + 3600, title: 'T' };
