import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { readJsonItems } from '../../src/text/json-items.ts';
import { readM3u } from '../../src/text/m3u-reader.ts';
import { readXmltv } from '../../src/text/xmltv-reader.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const megabyte = 1024 * 1024;
const chunkBytes = 64 * 1024;
const totalBytes = 12 * megabyte;

/** What a reader holds when it has read almost all of an endless file, in bytes. */
async function held(
  head: string,
  body: (index: number) => string,
  read: (chunks: AsyncIterable<Buffer>) => Promise<unknown>,
): Promise<number> {
  let most = 0;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from(head);
    let index = 0;
    for (let sent = 0; sent < totalBytes; sent += chunkBytes) {
      let text = '';
      while (text.length < chunkBytes) text += body(index++);
      yield Buffer.from(text);
    }
    collectGarbage();
    most = process.memoryUsage().heapUsed - before;
  }
  await read(endless());
  return most;
}

const nothing = (): void => {};
const guide = (chunks: AsyncIterable<Buffer>): Promise<unknown> =>
  readXmltv(chunks, { channels: nothing, programmes: nothing, reject: nothing });
const list = (chunks: AsyncIterable<Buffer>): Promise<unknown> =>
  readM3u(chunks, { entries: nothing, reject: nothing });
const json = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
  for await (const item of readJsonItems(chunks, { keys: ['list'] })) expect(item.index).to.be.greaterThan(0);
};
const same =
  (text: string): (() => string) =>
  () =>
    text;
const long = 'x'.repeat(1000);
const open = '<tv><programme channel="a" start="20261121" stop="20261122">';

describe('memory stays bounded', () => {
  const table: [string, string, (index: number) => string, typeof guide][] = [
    ['a guide of nothing but text', '<tv>', same(long), guide],
    ['a title without end', `${open}<title>`, same(long), guide],
    ['a tag without end', '<tv><a ', same(long), guide],
    ['an attribute without end', '<tv><a b="', same(long), guide],
    ['a tag of many attributes', '<tv><a ', (i) => `b${i}="1" `, guide],
    ['a comment without end', '<tv><!-- ', same(long), guide],
    ['a CDATA section without end', `${open}<desc><![CDATA[`, same(long), guide],
    ['a DOCTYPE without end', '<!DOCTYPE tv [', same(`<!ENTITY a "${long}">`), guide],
    ['elements without end tags', '<tv>', same('<a>'), guide],
    [
      'a programme of many children',
      `${open}<title>T</title>`,
      (i) => `<category>${i}</category><keyword>${i}</keyword><episode-num system="${i}">${i}</episode-num>`,
      guide,
    ],
    [
      'programmes without stop times',
      '<tv>',
      (i) => `<programme channel="${i}" start="20261121"><title>T</title><desc>${long}</desc></programme>`,
      guide,
    ],
    [
      'programmes without end tags',
      '<tv>',
      same('<programme channel="a" start="20261121" stop="20261122"><title>T</title>'),
      guide,
    ],
    ['many channel ids', '<tv>', (i) => `<programme channel="${long}${i}" start="20261121" stop="20261122"/>`, guide],
    [
      'many different times',
      '<tv>',
      (i) => `<programme channel="a" start="20261121 x${i}${long}" stop="20261122"/>`,
      guide,
    ],
    ['a line without end', '#EXTM3U ', same(long), list],
    ['options without an address', '#EXTM3U\n', (i) => `#KODIPROP:a${i}=1\n`, list],
    ['addresses that are none', '', same('x\n'), list],
    ['an item without end', '[{"a":[', same('{"b":1},'), json],
    ['a string without end', '[{"a":"', same(long), json],
    ['brackets without end', '[', same('['), json],
    ['an object without end', '{"a":[', same('{"b":1},'), json],
    ['a key without end', '{"', same(long), json],
    ['notices without end', 'Notice: ', same(long), json],
  ];
  for (const [title, head, body, read] of table) {
    it(`for ${title}`, async () => {
      expect((await held(head, body, read)) / megabyte).to.be.lessThan(read === json ? 24 : 10);
    });
  }
});
