import { hlsNumber, readHlsAttributes } from './hls-attributes.ts';
import type { HlsLine, HlsMaster, HlsRendition, HlsVariant } from './hls-types.ts';

const mostVariants = 1_000;

/** Reads a master playlist. A variant is the next URI behind its tag; I-frame playlists and session data are left out. */
export function readHlsMaster(lines: readonly HlsLine[], defined: ReadonlyMap<string, string>): HlsMaster {
  const variants: HlsVariant[] = [];
  const renditions: HlsRendition[] = [];
  let pending: Omit<HlsVariant, 'uri'> | null = null;
  for (const line of lines) {
    if (variants.length + renditions.length >= mostVariants) break;
    if (line.uri !== undefined) {
      if (pending !== null) variants.push({ uri: line.uri, ...pending });
      pending = null;
    } else if (line.tag === 'EXT-X-STREAM-INF') pending = readVariant(line.value);
    else if (line.tag === 'EXT-X-MEDIA') renditions.push(readRendition(line.value));
  }
  return { kind: 'master', variants, renditions, defined };
}

function readVariant(text: string): Omit<HlsVariant, 'uri'> {
  const of = readHlsAttributes(text);
  const size = /^(\d{1,5})\s*[x*]\s*(\d{1,5})$/i.exec(of.get('RESOLUTION') ?? '');
  const averageBandwidth = hlsNumber(of.get('AVERAGE-BANDWIDTH'));
  const frameRate = hlsNumber(of.get('FRAME-RATE'));
  const audio = of.get('AUDIO');
  return {
    bandwidth: hlsNumber(of.get('BANDWIDTH')) ?? averageBandwidth ?? 0,
    ...(averageBandwidth === undefined ? {} : { averageBandwidth }),
    ...(size === null ? {} : { width: Number(size[1]), height: Number(size[2]) }),
    ...(frameRate === undefined ? {} : { frameRate }),
    codecs: (of.get('CODECS') ?? '')
      .split(',')
      .map((codec) => codec.trim())
      .filter((codec) => codec !== ''),
    ...(audio === undefined || audio === '' ? {} : { audio }),
  };
}

function readRendition(text: string): HlsRendition {
  const of = readHlsAttributes(text);
  const uri = of.get('URI') ?? '';
  const language = of.get('LANGUAGE');
  const yes = (name: string): boolean => of.get(name)?.toUpperCase() === 'YES';
  return {
    type: (of.get('TYPE') ?? '').toUpperCase(),
    group: of.get('GROUP-ID') ?? '',
    name: of.get('NAME') ?? '',
    ...(uri === '' ? {} : { uri }),
    ...(language === undefined || language === '' ? {} : { language }),
    isDefault: yes('DEFAULT'),
    autoSelect: yes('AUTOSELECT'),
  };
}
