import { createCipheriv } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hlsMedia } from '../../test/support/fake-provider/hls-media.ts';

/** Serves one clip as HLS in several forms, and as one file, as often as the argument says. Prints its port. */

const rounds = Number(process.argv[2] ?? 1);
const ts = await hlsMedia('ts');
const fmp4 = await hlsMedia('fmp4');
const key = Buffer.alloc(16, 7);
const iv = Buffer.alloc(16, 9);
const encrypted = ts.segments.map((bytes) => {
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
});
const forms = { ts: ts.segments, aes: encrypted, fmp4: fmp4.segments } as const;

function listOf(form: keyof typeof forms): string {
  const head = {
    ts: '',
    aes: `#EXT-X-KEY:METHOD=AES-128,URI="/key",IV=0x${iv.toString('hex')}\n`,
    fmp4: '#EXT-X-MAP:URI="/init.mp4"\n',
  }[form];
  const round = forms[form].map((_, n) => `#EXTINF:2.000,\n/${form}/${n}\n`).join('');
  const all = Array.from({ length: rounds }, () => round).join('#EXT-X-DISCONTINUITY\n');
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${head}${all}#EXT-X-ENDLIST\n`;
}

const server = createServer((request, response) => {
  const path = request.url ?? '/';
  const [, form = '', number = ''] = path.split('/');
  if (path === '/key') response.end(key);
  else if (path === '/init.mp4') response.end(fmp4.init);
  else if (path === '/plain.ts') {
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    let at = 0;
    const send = (): void => {
      while (at < ts.segments.length * rounds)
        if (!response.write(ts.segments[at++ % ts.segments.length])) {
          response.once('drain', send);
          return;
        }
      response.end();
    };
    send();
  } else if (form.endsWith('.m3u8')) response.end(listOf(form.replace('.m3u8', '') as keyof typeof forms));
  else response.end(forms[form as keyof typeof forms][Number(number)]);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
