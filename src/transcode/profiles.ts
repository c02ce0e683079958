import { parseTranscodeCommand, type TranscodeCommand } from '../config/transcode-command.ts';
import type { TranscodeSettings } from '../config/transcode-settings.ts';
import { CoaxError } from '../errors.ts';

export interface Profile {
  readonly name: string;
  readonly command: string;
  readonly description: string;
  readonly builtIn: boolean;
}

const sound = '-map 0:a? -c:a aac -b:a 160k -ac 2 -sn -dn';
const frames = '-force_key_frames expr:gte(t,n_forced*2)';

/** Each plays on everything that plays H.264; a picture that is larger is scaled down to 1080 lines. */
const builtIn: readonly Omit<Profile, 'builtIn'>[] = [
  {
    name: 'aac',
    description: 'The picture as it is, the sound as AAC stereo; costs next to nothing',
    command: `{input} -map 0:v:0? -c:v copy ${sound} {output}`,
  },
  {
    name: 'h264',
    description: 'H.264 in software, up to 1080 lines',
    command: `{input} -map 0:v:0? -vf "yadif=deint=interlaced,scale=-2:'min(1080,ih)'" -c:v libx264 -preset veryfast -crf 22 -maxrate 8M -bufsize 16M -pix_fmt yuv420p ${frames} ${sound} {output}`,
  },
  {
    name: 'h264-720',
    description: 'H.264 in software, up to 720 lines and 3 Mbit/s, for slow connections',
    command: `{input} -map 0:v:0? -vf "yadif=deint=interlaced,scale=-2:'min(720,ih)'" -c:v libx264 -preset veryfast -crf 24 -maxrate 3M -bufsize 6M -pix_fmt yuv420p ${frames} ${sound} {output}`,
  },
  {
    name: 'h264-vaapi',
    description: 'H.264 on an Intel or AMD graphics card (VA-API)',
    command: `-hwaccel vaapi -hwaccel_output_format vaapi -vaapi_device /dev/dri/renderD128 {input} -map 0:v:0? -vf "format=nv12|vaapi,hwupload,deinterlace_vaapi=auto=1,scale_vaapi=w=-2:h='min(1080,ih)':format=nv12" -c:v h264_vaapi -b:v 6M -maxrate 8M ${frames} ${sound} {output}`,
  },
  {
    name: 'h264-qsv',
    description: 'H.264 on an Intel graphics card (Quick Sync)',
    command: `-hwaccel qsv -hwaccel_output_format qsv {input} -map 0:v:0? -vf vpp_qsv=deinterlace=2:format=nv12 -c:v h264_qsv -preset veryfast -b:v 6M -maxrate 8M ${frames} ${sound} {output}`,
  },
  {
    name: 'h264-nvenc',
    description: 'H.264 on an NVIDIA graphics card',
    command: `-hwaccel cuda -hwaccel_output_format cuda {input} -map 0:v:0? -vf "yadif_cuda=deint=interlaced,scale_cuda=w=-2:h='min(1080,ih)':format=yuv420p" -c:v h264_nvenc -preset p4 -rc vbr -cq 23 -b:v 6M -maxrate 8M -forced-idr 1 ${frames} ${sound} {output}`,
  },
  {
    name: 'h264-videotoolbox',
    description: 'H.264 on a Mac',
    command: `-hwaccel videotoolbox {input} -map 0:v:0? -vf "yadif=deint=interlaced,scale=-2:'min(1080,ih)'" -c:v h264_videotoolbox -b:v 6M -realtime 1 ${frames} ${sound} {output}`,
  },
];

/** The built-in profiles and those of the settings, which come first and replace built-in ones of the same name. */
export function profilesOf({ profiles }: Pick<TranscodeSettings, 'profiles'>): Profile[] {
  const own = profiles.map((profile) => ({ ...profile, description: '', builtIn: false }));
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...builtIn.filter(({ name }) => !names.has(name)).map((one) => ({ ...one, builtIn: true }))];
}

/** The arguments of ffmpeg for a profile: bytes in by stdin, bytes out by stdout, its progress and complaints on stderr. */
export function transcodeArgs({ command, name }: Profile): string[] {
  const parsed: TranscodeCommand | string = parseTranscodeCommand(command);
  if (typeof parsed === 'string')
    throw new CoaxError('CONFIG_INVALID', `The profile ${name} can not be used: ${parsed}`);
  const { before, after } = parsed;
  const has = (option: RegExp): boolean => after.some((word) => option.test(word));
  const general = ['-hide_banner', '-v', 'error', '-nostats', '-stats_period', '1', '-progress', 'pipe:2'];
  const input = [
    '-probesize',
    '2000000',
    '-analyzeduration',
    '2000000',
    '-fflags',
    '+genpts+discardcorrupt',
    ...before,
  ];
  // Viewers, and the segments of HLS, begin at key frames.
  const keys =
    has(/^-(?:g|force_key_frames)(?::|$)/) || has(/^-vn$/) ? [] : ['-force_key_frames', 'expr:gte(t,n_forced*2)'];
  const output = ['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', '-max_muxing_queue_size', '4096'];
  const from = ['-protocol_whitelist', 'pipe', '-f', 'mpegts', '-i', 'pipe:0'];
  return [...general, ...input, ...from, ...output, ...keys, ...after, '-f', 'mpegts', 'pipe:1'];
}
