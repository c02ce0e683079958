import type { z } from 'zod';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { codecFacts } from './schemas.ts';

/** What a stream carries, as an answer's body. */
export function factsView(facts: CodecFacts): z.input<typeof codecFacts>;
export function factsView(facts: CodecFacts | null): z.input<typeof codecFacts> | null;
export function factsView(facts: CodecFacts | null): z.input<typeof codecFacts> | null {
  if (facts === null) return null;
  return { ...facts, video: [...facts.video], audio: [...facts.audio], subtitles: [...facts.subtitles] };
}
