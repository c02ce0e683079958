import type { z } from 'zod';
import type { Channel } from '../catalog/contract.ts';
import type { OutputConfig } from '../config/schema.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { codecFacts } from './schemas.ts';

/** What a stream carries, as an answer's body. */
export function factsView(facts: CodecFacts): z.input<typeof codecFacts>;
export function factsView(facts: CodecFacts | null): z.input<typeof codecFacts> | null;
export function factsView(facts: CodecFacts | null): z.input<typeof codecFacts> | null {
  if (facts === null) return null;
  return { ...facts, video: [...facts.video], audio: [...facts.audio], subtitles: [...facts.subtitles] };
}

/** What is known of a channel as an output gives it; a transcoded one is not what the provider sends. */
export function factsFor(
  output: Pick<OutputConfig, 'profile'>,
  { streams }: Pick<Channel, 'streams'>,
): CodecFacts | null {
  const isAsItComes = output.profile === '' || output.profile === 'copy';
  return isAsItComes ? (streams.find(({ codecs }) => codecs !== null)?.codecs ?? null) : null;
}
