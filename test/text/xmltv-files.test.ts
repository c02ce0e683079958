import { expect } from 'chai';
import fc from 'fast-check';
import { CoaxError } from '../../src/errors.ts';
import { readXmltv } from '../../src/text/xmltv-reader.ts';
import { cutAt, pieces } from './pieces.ts';
import { base, collect, programme, read, times, tv } from './xmltv-collect.ts';

describe('readXmltv on files', () => {
  it('delivers what stands before a cut, then says so', async () => {
    const whole = tv(`<programme ${times} channel="a"><title>T</title></programme>`.repeat(3));
    const { programmes, summary } = await read(whole.slice(0, -20));
    expect(programmes).to.deep.equal([base, base]);
    expect(summary.truncated).to.equal(true);
  });

  it('delivers what stands before a cut of the source', async () => {
    const text = programme('<title>T</title>');
    async function* cut(): AsyncGenerator<Buffer> {
      yield* pieces(Buffer.from(text.slice(0, -5)), 10);
      throw new CoaxError('SOURCE_TRUNCATED');
    }
    const { programmes, summary } = await collect(cut());
    expect(programmes).to.deep.equal([base]);
    expect(summary.truncated).to.equal(true);
  });

  for (const [form, text] of [
    ['html', '<!DOCTYPE html><html><body><p>Expired</p>'],
    ['xml', '<?xml version="1.0"?><rss><channels/></rss>'],
    ['json', '{"a":1}'],
    ['text', 'Access denied'],
    ['empty', ' \n'],
    ['binary', 'PK\u0003\u0004'],
    ['guide', '<tv/>'],
  ] as const) {
    it(`recognises ${form}`, async () => {
      const { summary, channels, programmes } = await read(text);
      expect(summary).to.deep.equal({ form, channels: 0, programmes: 0, skipped: 0, rejects: 0, truncated: false });
      expect([...channels, ...programmes]).to.deep.equal([]);
    });
  }

  for (const [title, encoding, bytes] of [
    ['UTF-8', 'UTF-8', Buffer.from('é€')],
    ['ISO-8859-1', 'ISO-8859-1', Buffer.from([0xe9, 0x80])],
    ['windows-1252', 'windows-1252', Buffer.from([0xe9, 0x80])],
    ['Windows-1252 that says it is UTF-8', 'utf-8', Buffer.from([0xe9, 0x80])],
    ['ISO-8859-15', 'iso-8859-15', Buffer.from([0xe9, 0xa4])],
  ] as const) {
    it(`reads ${title}`, async () => {
      const [head, tail] =
        `<?xml version="1.0" encoding="${encoding}"?><tv><programme ${times} channel="a"><title>|</title></programme></tv>`.split(
          '|',
        );
      const { programmes } = await read(Buffer.concat([Buffer.from(head!), bytes, Buffer.from(tail!)]));
      expect(programmes[0]?.title).to.equal('é€');
    });
  }

  it('reads UTF-16 with a byte order mark', async () => {
    const { programmes } = await read(Buffer.from(`\ufeff${programme('<title>T</title>')}`, 'utf16le'));
    expect(programmes).to.deep.equal([base]);
  });

  it('ends when the signal fires', async () => {
    const error = await read(programme(''), { signal: AbortSignal.abort() }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CoaxError).with.property('code', 'CANCELLED');
  });

  it('waits for its sink', async () => {
    let open = 0;
    let most = 0;
    const wait = async (): Promise<void> => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
    };
    await readXmltv(
      pieces(Buffer.from(tv(`<programme ${times} channel="a"><title>T</title></programme>`.repeat(50))), 100),
      { channels: wait, programmes: wait, reject: () => {} },
      { batchSize: 3 },
    );
    expect(most).to.equal(1);
  });

  it('never throws, and does not depend on the chunks', async () => {
    const words = [
      '<tv>',
      '</tv>',
      '<programme',
      '</programme>',
      ` ${times}`,
      ' channel="a"',
      ' start="2026112118"',
      '>',
      '/>',
      '<title>',
      '</title>',
      'T',
      '<channel id="a">',
      '</channel>',
      '<display-name>',
      '<credits>',
      '<actor role="x">',
      '<rating>',
      '<value>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&amp;',
      '"',
      '<x>',
      '\n',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...words), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        async (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          expect(await collect(cutAt(bytes, cuts))).to.deep.equal(await collect(pieces(bytes, 1 << 20)));
        },
      ),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        async (bytes, cuts) => {
          expect(await collect(cutAt(bytes, cuts))).to.deep.equal(await collect(pieces(bytes, 1 << 20)));
        },
      ),
    );
  });
});
