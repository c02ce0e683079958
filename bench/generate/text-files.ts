import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';

/** Where generated inputs live; git ignores it. */
export const benchFolder = path.join(import.meta.dirname, '../../.bench');

/** A small generator of numbers with a fixed seed, so that the files are the same everywhere. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

const words =
  'the news of world and weather live from studio tonight with guests who talk about music football films nature history science travel family kitchen garden city night morning café naïve Zürich señor Übung façade Tür große über'.split(
    ' ',
  );

async function write(name: string, parts: Iterable<string>): Promise<string> {
  const file = path.join(benchFolder, name);
  if (existsSync(file)) return file;
  mkdirSync(benchFolder, { recursive: true });
  const stream = createWriteStream(`${file}.part`);
  for (const part of parts) if (!stream.write(part)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'close');
  renameSync(`${file}.part`, file);
  return file;
}

function* playlist(channels: number): Generator<string> {
  const next = numbers(7);
  // Without the address of a guide: one that is nowhere would be asked for again and again, and that waiting measured.
  yield '#EXTM3U\n';
  for (let i = 0; i < channels; i++) {
    const word = words[next() % words.length];
    yield `#EXTINF:-1 tvg-id="channel.${i}.test" tvg-name="Channel ${i} ${word}" tvg-logo="http://logo.test/${next()}/${i}.png" tvg-chno="${i + 1}" group-title="Group ${i % 97}, ${word}"` +
      `${i % 5 === 0 ? ' catchup="default" catchup-days="7"' : ''},Channel ${i} ${word} HD\n` +
      `http://provider.test:8080/live/user/password/${i}.ts\n`;
  }
}

function sentence(next: () => number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += `${i === 0 ? '' : ' '}${words[next() % words.length]}`;
  return text;
}

function stamp(unix: number): string {
  return `${new Date(unix * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, '')} +0100`;
}

function* guide(bytes: number): Generator<string> {
  const next = numbers(11);
  const channels = 2500;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="bench">\n`;
  for (let i = 0; i < channels; i++) {
    yield `  <channel id="channel.${i}.test">\n    <display-name lang="en">Channel ${i}</display-name>\n    <icon src="http://logo.test/${i}.png"/>\n  </channel>\n`;
  }
  let size = 250_000;
  const perChannel = Math.ceil(bytes / 500 / channels);
  for (let i = 0; size < bytes; i++) {
    const channel = Math.floor(i / perChannel) % channels;
    const start = 1_795_219_200 + (i % perChannel) * 1800;
    const description = sentence(next, 22);
    const text =
      `  <programme start="${stamp(start)}" stop="${stamp(start + 1800)}" channel="channel.${channel}.test">\n` +
      `    <title lang="en">${sentence(next, 3)} &amp; ${i}</title>\n` +
      (i % 2 === 0 ? `    <sub-title lang="en">${sentence(next, 4)}</sub-title>\n` : '') +
      `    <desc lang="en">${i % 50 === 0 ? `<![CDATA[${description} <b>]]>` : `${description} &#39;${i % 9}&quot;`}</desc>\n` +
      `    <category lang="en">${words[next() % words.length]}</category>\n` +
      (i % 3 === 0 ? `    <episode-num system="xmltv_ns">${i % 12}.${i % 24}.</episode-num>\n` : '') +
      `  </programme>\n`;
    size += Buffer.byteLength(text);
    yield text;
  }
  yield '</tv>\n';
}

/** A playlist of so many channels, about 290 bytes each. */
export function generatePlaylist(channels: number): Promise<string> {
  return write(`playlist-${channels}.m3u`, playlist(channels));
}

/** A guide of 2,500 channels and so many million bytes. */
export function generateGuide(megabytes: number): Promise<string> {
  return write(`guide-${megabytes}.xml`, guide(megabytes * 1_000_000));
}

/** Size of a file in millions of bytes. */
export function megabytesOf(file: string): number {
  return statSync(file).size / 1e6;
}
