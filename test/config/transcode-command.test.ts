import { expect } from 'chai';
import fc from 'fast-check';
import { parseTranscodeCommand } from '../../src/config/transcode-command.ts';
import { transcodeSettings } from '../../src/config/transcode-settings.ts';
import { profilesOf, transcodeArgs } from '../../src/transcode/profiles.ts';

describe('the command line of a profile', () => {
  it('is cut into arguments before and after the input', () => {
    expect(
      parseTranscodeCommand(`ffmpeg -hwaccel vaapi {input} -vf "scale=1280:-2, fps=25" -c:a aac {output}`),
    ).to.deep.equal({
      before: ['-hwaccel', 'vaapi'],
      after: ['-vf', 'scale=1280:-2, fps=25', '-c:a', 'aac'],
    });
    expect(parseTranscodeCommand('-c:v libx264')).to.deep.equal({ before: [], after: ['-c:v', 'libx264'] });
  });

  for (const command of [
    '-c:v libx264 -x264-params keyint=50:bframes=2 -c:a aac',
    '-init_hw_device vaapi=va:/dev/dri/renderD128 {input} -c:v h264_vaapi {output}',
    '-init_hw_device qsv=hw -filter_hw_device hw {input} -c:v h264_qsv {output}',
    "-filter_complex '[0:v]split[a][b];[a]scale=w=iw/2:h=-2[c];[b][c]overlay' -c:v libx264",
    "-vf scale='-2:min(720\\,ih)' -c:v libx264 -r 30000/1001",
    '-map 0:v:0? -map -0:s -c copy -an',
    '-metadata service_name=Mine -c:v mpeg2video',
  ])
    it(`may be ${command}`, () => expect(parseTranscodeCommand(command)).to.be.an('object'));

  for (const [command, reason] of [
    ['', /says nothing/],
    ['{input} {output}', /says nothing/],
    ['-c:v libx264 {input} {input} -an {output}', /one \{input\}/],
    ['{input} -c:v libx264 {output} -an', /last word/],
    ['-c:v libx264 /tmp/out.ts', /belongs to no option/],
    ['-c:v libx264 out.ts', /belongs to no option/],
    ['-c:v libx264 http://evil.example/', /belongs to no option/],
    ['-i /etc/passwd {input} -c copy', /option -i /],
    ['-c copy -f tee', /option -f /],
    ['-c:v libx264 -', /belongs to no option/],
    ['-c:v libx264 -passlogfile x', /option -passlogfile/],
    ['-c:v libx264 -vstats_file x', /option -vstats_file/],
    ['-c:v libx264 -progress http://h/', /option -progress/],
    ['-filter_complex_script x -c copy', /option -filter_complex_script/],
    ['-/filter_complex x -c copy', /can not be used/],
    ['-vf movie=/etc/passwd -c:v libx264', /may name a file|filter movie/],
    ['-vf subtitles=x.srt -c:v libx264', /filter subtitles/],
    ['-vf drawtext=textfile=x -c:v libx264', /may name a file|filter drawtext/],
    ["-vf 'null,lut3d=file=a' -c:v libx264", /may name a file/],
    ['-vf null;zmq -c:v libx264', /filter zmq/],
    ['-af ladspa=x -c:a aac', /filter ladspa/],
    ['-vf scale=1:1:stats_file=x -c:v libx264', /may name a file/],
    ['-c:v libx264 -x264-params stats=x', /may name a file/],
    ['-c:v libx264 -x264-params bframes=2:dump-yuv=/x', /may name a file/],
    ['-c:v libx265 -x265-params csv=x', /may name a file/],
    ['-vaapi_device /etc/passwd {input} -c:v h264_vaapi', /no device/],
    ['-vaapi_device /dev/dri/../../etc {input} -c:v h264_vaapi', /no device/],
    ['-c:v libx264 -preset $(reboot)', /may name a file/],
    ['-c:v libx264 -preset', /no value/],
    ['-c:v "libx264', /quote/],
  ] as const)
    it(`is not ${command === '' ? 'nothing' : command}`, () => expect(parseTranscodeCommand(command)).to.match(reason));

  it('never has an argument that is a file, an address or another input, whatever is written', () => {
    const words = fc.constantFrom(
      '-i',
      '-f',
      'x.ts',
      '-c',
      'copy',
      '-vf',
      'movie=a',
      '{input}',
      '{output}',
      '-an',
      'scale=1:2',
      '"',
      "'",
      ' ',
      '-y',
      '/etc/passwd',
      '-map',
      '0',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 10 }), (parts) => {
        const parsed = parseTranscodeCommand(parts.join(' '));
        if (typeof parsed === 'string') return;
        const all = [...parsed.before, ...parsed.after];
        for (const bad of ['-i', '-f', '-y', 'x.ts', '/etc/passwd', 'movie=a', '{input}', '{output}'])
          expect(all).to.not.include(bad);
      }),
    );
  });
});

describe('profiles', () => {
  it('that are built in are command lines as they have to be', () => {
    for (const profile of profilesOf(transcodeSettings.parse({}))) {
      expect(parseTranscodeCommand(profile.command), profile.name).to.be.an('object');
      const args = transcodeArgs(profile);
      expect(args.filter((arg) => arg === '-i')).to.have.length(1);
      expect(args.slice(-3)).to.deep.equal(['-f', 'mpegts', 'pipe:1']);
    }
  });

  it('of the settings replace built-in ones of their name', () => {
    const settings = transcodeSettings.parse({ profiles: [{ name: 'h264', command: '-c:v libx264 -g 25' }] });
    const [first, ...rest] = profilesOf(settings);
    expect(first).to.include({ name: 'h264', builtIn: false });
    expect(rest.map(({ name }) => name)).to.not.include('h264');
    expect(transcodeArgs(first!).join(' ')).to.include('-c:v libx264 -g 25').and.to.not.include('force_key_frames');
  });

  for (const profile of [
    { name: 'copy', command: '-c copy' },
    { name: 'A b', command: '-c copy' },
    { name: 'x', command: '-i a' },
  ])
    it(`of the settings can not be ${JSON.stringify(profile)}`, () => {
      expect(transcodeSettings.safeParse({ profiles: [profile] }).success).to.equal(false);
    });
});
