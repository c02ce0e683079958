import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FfmpegHome } from '../../src/ffmpeg/ffmpeg-home.ts';
import { findFfmpeg } from '../../src/ffmpeg/find-ffmpeg.ts';
import { silentLog } from '../../src/log/log.ts';

describe('findFfmpeg', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'coax-ffmpeg-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(name: string, says = 'ffmpeg version 9.1-test Copyright'): string {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
    chmodSync(path, 0o755);
    return path;
  }

  const find = (search: object) => findFfmpeg({ hosts: [], path: '', log: silentLog, ...search });

  it('takes the configured one, else the one beside the ffprobe, else that of the media server, else that of PATH', async () => {
    const ffmpeg = program('ffmpeg');
    const other = program('other');
    const found = { path: ffmpeg, version: '9.1-test' };
    expect(await find({ configured: other, path: folder })).to.deep.equal({ ...found, path: other });
    expect(await find({ ffprobe: join(folder, 'ffprobe') })).to.deep.equal(found);
    expect(await find({ hosts: [join(folder, 'none'), ffmpeg] })).to.deep.equal(found);
    expect(await find({ configured: join(folder, 'none'), path: folder })).to.deep.equal(found);
    expect(await find({})).to.equal(null);
  });

  it('does not take what is something else', async () => {
    expect(await find({ configured: program('ffprobe', 'ffprobe version 5') })).to.equal(null);
  });

  it('is looked for once, and again when the settings name another', async () => {
    const settings = { ffmpegPath: '/a', ffprobePath: '' };
    let looked = 0;
    const home = new FfmpegHome({
      configured: () => settings,
      log: silentLog,
      find: async ({ configured = '' }) => {
        looked++;
        return configured === '/none' ? null : { path: configured, version: '1' };
      },
    });
    expect([await home.path(), await home.path(), looked]).to.deep.equal(['/a', '/a', 1]);
    settings.ffmpegPath = '/none';
    const refused = await home.path().catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'UPSTREAM_NO_FFMPEG');
    expect(looked).to.equal(2);
  });
});
