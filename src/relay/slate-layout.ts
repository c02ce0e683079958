import type { CodecFacts } from '../model/codec-facts.ts';
import type { TablePackets } from '../mpegts/program-tables.ts';
import { buildPat, buildPmt } from '../mpegts/psi.ts';
import { packSection } from '../mpegts/section.ts';
import { mainPidOf, tablesIn } from './seam.ts';
import {
  isSlateAudio,
  isSlateVideo,
  type SlateAudioCodec,
  slateSilences,
  type SlateVideoCodec,
  videoStreamTypes,
} from './slate-media.ts';

/** Like ffmpeg's muxer, which many providers use. */
const usual = { pmtPid: 0x1000, videoPid: 0x100, audioPid: 0x101 } as const;
const usualHeight = 720;

/** How a slate is to look so that decoders can go on from it, or to it. */
export interface SlateLayout {
  readonly tables: TablePackets;
  readonly pmtPid: number;
  readonly pcrPid: number;
  readonly video: { readonly pid: number; readonly codec: SlateVideoCodec; readonly height: number } | null;
  readonly audio: { readonly pid: number; readonly codec: SlateAudioCodec } | null;
}

/** The layout for a channel nothing was sent of yet; what is not known of it is guessed. Null when it is no transport stream. */
export function firstLayout(facts: CodecFacts | null): SlateLayout | null {
  if (facts !== null && facts.container !== 'mpegts') return null;
  const video = facts?.video[0];
  const audio = facts?.audio[0];
  const isRadio = video === undefined && audio !== undefined;
  const audioCodec = audio === undefined || !isSlateAudio(audio.codec) ? 'aac' : audio.codec;
  const videoCodec = video === undefined || !isSlateVideo(video.codec) ? 'h264' : video.codec;
  const sound = { pid: audio?.pid ?? usual.audioPid, codec: audioCodec } as const;
  const videoPid = video?.pid ?? (sound.pid === usual.videoPid ? usual.audioPid : usual.videoPid);
  const picture = isRadio
    ? null
    : ({ pid: videoPid, codec: videoCodec, height: video?.height ?? usualHeight } as const);
  const pmtPid = [sound.pid, videoPid].includes(usual.pmtPid) ? usual.pmtPid + 1 : usual.pmtPid;
  const pcrPid = picture?.pid ?? sound.pid;
  const pmt = buildPmt({
    programNumber: 1,
    pcrPid,
    streams: [
      ...(picture === null ? [] : [{ pid: picture.pid, streamType: videoStreamTypes[picture.codec] }]),
      { pid: sound.pid, streamType: slateSilences[sound.codec].streamType },
    ],
  });
  const tables = {
    pat: packSection(0, buildPat([{ number: 1, pmtPid }]), 0),
    pmt: packSection(pmtPid, pmt, 0),
  };
  return { tables, pmtPid, pcrPid, video: picture, audio: sound };
}

/**
 * The layout that goes on from what was sent: with the same tables, which are given as whole packets. Null when there are no pictures or
 * sounds of its codecs.
 */
export function layoutOf(sent: Buffer, facts: CodecFacts | null = null): SlateLayout | null {
  const told = tablesIn(sent);
  const { program } = told;
  const tables = told.packets();
  const main = program?.streams.find(({ pid }) => pid === mainPidOf(program));
  if (program === null || tables === null || main === undefined) return null;
  const sound = program.streams.find(({ kind, codec }) => kind === 'audio' && isSlateAudio(codec));
  const audio = sound !== undefined && isSlateAudio(sound.codec) ? { pid: sound.pid, codec: sound.codec } : null;
  const { pmtPid, pcrPid } = program;
  if (main.kind !== 'video') return audio === null ? null : { tables, pmtPid, pcrPid, video: null, audio };
  if (!isSlateVideo(main.codec)) return null;
  const height = facts?.video[0]?.height ?? usualHeight;
  return { tables, pmtPid, pcrPid, video: { pid: main.pid, codec: main.codec, height }, audio };
}
