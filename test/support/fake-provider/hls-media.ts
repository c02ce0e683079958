import { readFile } from 'node:fs/promises';
import { cachedMedia, liveMedia, runFfmpeg } from './media.ts';

/** A clip cut at its key frames. */
export interface HlsMedia {
  readonly init: Buffer | null;
  readonly segments: readonly Buffer[];
  readonly secondsEach: number;
}

const secondsEach = 2;

/** Cuts the usual clip into segments of two seconds. It needs ffmpeg. */
export async function hlsMedia(form: 'ts' | 'fmp4'): Promise<HlsMedia> {
  const clip = await liveMedia('h264-aac');
  const type = form === 'ts' ? 'mpegts' : 'fmp4 -bsf:a aac_adtstoasc';
  const cut = `-c copy -f hls -hls_time ${secondsEach} -hls_list_size 0 -hls_flags single_file -hls_segment_type ${type}`;
  const list = await cachedMedia(`hls-${form}.m3u8`, (draft) => {
    const target = draft.replace(/[^/]*$/, `hls-${form}.bin`);
    return runFfmpeg(['-i', clip.path, ...cut.split(' '), '-hls_segment_filename', target], draft);
  });
  const file = await readFile(list.replace(/[^/]*$/, `hls-${form}.bin`));
  const text = await readFile(list, 'utf8');
  const slice = ([, length = '0', offset = '0']: RegExpExecArray): Buffer =>
    file.subarray(Number(offset), Number(offset) + Number(length));
  const map = /#EXT-X-MAP:.*BYTERANGE="(\d+)@(\d+)"/.exec(text);
  const segments = Array.from(text.matchAll(/^#EXT-X-BYTERANGE:(\d+)@(\d+)/gm), slice);
  return { init: map === null ? null : slice(map), segments, secondsEach };
}
