/** A series' name, season and episode as they stand in the name of a playlist's entry. */
export interface EpisodeTitle {
  readonly show: string;
  readonly season: number;
  readonly episode: number;
  /** What follows the number; empty when nothing does. */
  readonly rest: string;
}

const marks = [
  /[([]?\bS(\d{1,4})[ ._-]{0,2}E(\d{1,4})(?:[ ._-]?E\d{1,4})?\b[)\]]?/i,
  /[([]?\b(\d{1,2})x(\d{2,3})\b[)\]]?/,
  /\bSeason\s*(\d{1,3})\s*[,-]?\s*Episode\s*(\d{1,4})\b/i,
] as const;

const trim = (text: string): string => text.replace(/^[\s:|_.-]+|[\s:|_.-]+$/g, '');

/** Takes `Dark Matter (2015) S01 E02 - Episode Two` apart; undefined when there is no such number or no name before it. */
export function parseEpisodeTitle(name: string): EpisodeTitle | undefined {
  for (const mark of marks) {
    const match = mark.exec(name);
    if (match === null) continue;
    const before = trim(name.slice(0, match.index));
    const rest = trim(name.slice(match.index + match[0].length));
    const show = before === '' ? rest : before;
    if (show === '') return undefined;
    return { show, season: Number(match[1]), episode: Number(match[2]), rest: before === '' ? '' : rest };
  }
  return undefined;
}
