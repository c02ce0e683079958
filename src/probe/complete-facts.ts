import type { AudioFacts, CodecFacts, SubtitleFacts, VideoFacts } from '../model/codec-facts.ts';

/** What is known of one elementary stream goes before what was probed; a codec that differs means another stream. */
function completeOne<Facts extends { readonly pid?: number; readonly codec: string }>(
  known: Facts,
  probed: readonly Facts[],
  at: number,
): Facts {
  const match =
    probed.find((candidate) => known.pid !== undefined && candidate.pid === known.pid) ??
    (probed[at]?.pid === undefined ? probed[at] : undefined);
  return match === undefined || match.codec !== known.codec ? (match ?? known) : { ...match, ...known };
}

function completeAll<Facts extends VideoFacts | AudioFacts | SubtitleFacts>(
  known: readonly Facts[],
  probed: readonly Facts[],
): Facts[] {
  if (known.length === 0) return [...probed];
  return known.map((facts, at) => completeOne(facts, probed, at));
}

/**
 * Fills what a stream did not tell with what ffprobe found. The stream's own word counts where both speak, but for a codec: where they
 * name different ones, ffprobe has decoded and the program table has only claimed.
 */
export function completeFacts(known: CodecFacts, probed: CodecFacts): CodecFacts {
  const bitRate = known.bitRate ?? probed.bitRate;
  return {
    container: known.container,
    video: completeAll(known.video, probed.video),
    audio: completeAll(known.audio, probed.audio),
    subtitles: completeAll(known.subtitles, probed.subtitles),
    ...(bitRate === undefined ? {} : { bitRate }),
    observedAt: known.observedAt,
    by: 'ffprobe',
  };
}
