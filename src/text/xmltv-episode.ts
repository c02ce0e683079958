/** Numbers counted from 1, as a viewer reads them. Absent where the guide does not tell. */
export interface EpisodeNumbers {
  readonly season?: number;
  readonly episode?: number;
  readonly episodeTotal?: number;
  readonly part?: number;
}

/** Numbers stand at the beginning; a longer text is not searched. */
const maxChars = 80;

function numbers(season?: number, episode?: number, episodeTotal?: number, part?: number): EpisodeNumbers {
  return {
    ...(season !== undefined && { season }),
    ...(episode !== undefined && { episode }),
    ...(episodeTotal !== undefined && { episodeTotal }),
    ...(part !== undefined && { part }),
  };
}

/** `episode-num system="xmltv_ns"`: `season[/total] . episode[/total] . part[/total]`, each counted from 0 and each optional. */
export function parseXmltvNs(text: string): EpisodeNumbers {
  const [season, episode, part] = text
    .slice(0, maxChars)
    .split('.', 3)
    .map((field) => {
      const match = /^\s*(\d{1,6})?\s*(?:\/\s*(\d{1,6})\s*)?$/.exec(field);
      return { at: match?.[1] === undefined ? undefined : Number(match[1]) + 1, total: match?.[2] };
    });
  const total = episode?.total === undefined ? 0 : Number(episode.total);
  return numbers(season?.at, episode?.at, total > 0 ? total : undefined, part?.at);
}

/** What can be read off `S01E02`, `S1 Ep 2`, `1x02`, `Episode 7`; `E0` and `S00` of specials are kept. */
export function parseOnscreen(written: string): EpisodeNumbers {
  const text = written.slice(0, maxChars);
  const both =
    /\bS(?:eason)?\s*(\d{1,4})\s*[.,:/-]?\s*E(?:p(?:isode)?)?\.?\s*(\d{1,5})(?!\d)/i.exec(text) ??
    /^\s*(\d{1,3})x(\d{1,4})\b/i.exec(text);
  if (both !== null) return numbers(Number(both[1]), Number(both[2]));
  const one = /^\s*E(?:p(?:isode)?)?\.?\s*(\d{1,5})\s*(?:\/\s*(\d{1,5}))?/i.exec(text);
  if (one === null) return {};
  return numbers(undefined, Number(one[1]), one[2] === undefined ? undefined : Number(one[2]));
}
