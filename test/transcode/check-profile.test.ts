import { expect } from 'chai';
import { loadClip } from '../../src/sources/demo/clips.ts';
import { checkProfile } from '../../src/transcode/check-profile.ts';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';

const check = (command: string, path = 'ffmpeg', signal = new AbortController().signal) =>
  checkProfile({ name: 'mine', command, description: '', builtIn: false }, path, loadClip('pattern'), signal);

describe(`checkProfile${needsFfmpeg}`, function () {
  this.timeout(20_000);
  before(function () {
    if (!hasFfmpeg) this.skip();
  });

  it('tells that a profile works, with its key frames', async () => {
    const told = await check('-map 0:v:0? -vf scale=160:90 -c:v libx264 -preset ultrafast');
    expect(told).to.include({ ok: true });
    expect(told.frames).to.be.above(80);
    expect(told.keyFrames).to.be.within(2, 5);
    expect(told.speed).to.be.above(0);
  });

  for (const [command, said] of [
    ['-c:v no_such_encoder', /Unknown encoder 'no_such_encoder'/],
    ['-c:v libx264 -preset nonsense', /nonsense/],
    ['-vaapi_device /dev/dri/renderD199 {input} -c:v h264_vaapi', /ffmpeg ended with code/],
    ['{input} -vn -an -map 0:s -c copy', /ffmpeg/],
  ] as const)
    it(`tells in ffmpeg's words that ${command} does not`, async () => {
      const told = await check(command);
      expect(told.ok).to.equal(false);
      expect(told.message).to.match(said);
    });

  it('tells of a program that can not be started, and ends on abort', async () => {
    expect(await check('-c copy', '/nowhere/ffmpeg')).to.deep.include({
      ok: false,
      message: 'ffmpeg can not be started',
    });
    const gone = new AbortController();
    const checking = check('-c:v libx264 -preset veryslow', 'ffmpeg', gone.signal);
    gone.abort();
    expect(await checking.catch((error: unknown) => error)).to.have.property('code', 'CANCELLED');
  });
});
