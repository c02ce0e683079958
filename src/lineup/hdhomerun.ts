import { createHash } from 'node:crypto';

/** What an HDHomeRun device says of itself (`discover.json`). */
export interface Discovery {
  readonly FriendlyName: string;
  readonly Manufacturer: string;
  readonly ModelNumber: string;
  readonly FirmwareName: string;
  readonly FirmwareVersion: string;
  readonly DeviceID: string;
  readonly DeviceAuth: string;
  readonly BaseURL: string;
  readonly LineupURL: string;
  readonly TunerCount: number;
}

/** The digit by which the device's own software checks an id: nibbles 1, 3, 5 are mapped, the others taken as they are, and all xor to 0. */
const checkMap = [0xa, 0x5, 0xf, 0x6, 0x7, 0xc, 0x1, 0xb, 0x9, 0x2, 0x8, 0xd, 0x4, 0x3, 0xe, 0x0] as const;

/** True for an id with a right check digit (libhdhomerun, `hdhomerun_discover_validate_device_id`). */
export function isDeviceId(id: string): boolean {
  if (!/^[0-9A-F]{8}$/i.test(id)) return false;
  return (
    [...id].reduce(
      (sum, digit, index) =>
        sum ^ (index % 2 === 0 ? (checkMap[Number.parseInt(digit, 16)] ?? 0) : Number.parseInt(digit, 16)),
      0,
    ) === 0
  );
}

/** A device id of its own for each output: Plex tells devices apart by it (fHDHR#129). Same output, same id. */
export function deviceIdOf(outputId: string): string {
  const seven = `1${createHash('sha256').update(`hdhomerun ${outputId}`).digest('hex').slice(0, 6)}`.toUpperCase();
  const last = [...'0123456789ABCDEF'].find((digit) => isDeviceId(seven + digit));
  return seven + (last ?? '0');
}

export interface HdhrOutput {
  readonly id: string;
  readonly name: string;
}

/** `base` is the output's address up to and without `/hdhr`. */
export function discovery(output: HdhrOutput, base: string, tunerCount: number): Discovery {
  const id = deviceIdOf(output.id);
  return {
    FriendlyName: `Coax ${output.name}`,
    Manufacturer: 'Silicondust',
    // A model name with "hdtc" in it makes hosts ask for transcoded variants (jellyfin HdHomerunHost).
    ModelNumber: 'HDHR5-4US',
    FirmwareName: 'hdhomerun5_atsc',
    FirmwareVersion: '20231214',
    DeviceID: id,
    DeviceAuth: id,
    BaseURL: `${base}/hdhr`,
    LineupURL: `${base}/hdhr/lineup.json`,
    TunerCount: tunerCount,
  };
}

export const lineupStatus = { ScanInProgress: 0, ScanPossible: 1, Source: 'Cable', SourceList: ['Cable'] } as const;

export interface HdhrChannel {
  readonly number: string;
  readonly name: string;
  readonly url: string;
  readonly hd: boolean;
  readonly videoCodec?: string;
  readonly audioCodec?: string;
}

const codecNames: Readonly<Record<string, string>> = {
  h264: 'H264',
  hevc: 'HEVC',
  mpeg2video: 'MPEG2',
  aac: 'AAC',
  ac3: 'AC3',
  eac3: 'EAC3',
  mp2: 'MPEG',
};

/** One entry of `lineup.json`. */
export function lineupEntry(channel: HdhrChannel): Record<string, unknown> {
  const codec = (name: string | undefined): string | undefined => (name === undefined ? undefined : codecNames[name]);
  const video = codec(channel.videoCodec);
  const audio = codec(channel.audioCodec);
  return {
    GuideNumber: channel.number,
    GuideName: channel.name,
    ...(video === undefined ? {} : { VideoCodec: video }),
    ...(audio === undefined ? {} : { AudioCodec: audio }),
    ...(channel.hd ? { HD: 1 } : {}),
    URL: channel.url,
  };
}

/** The UPnP description, as an object for an XML builder. */
export function deviceDescription(found: Discovery): Record<string, unknown> {
  return {
    root: {
      $: { xmlns: 'urn:schemas-upnp-org:device-1-0' },
      specVersion: { major: 1, minor: 0 },
      URLBase: found.BaseURL,
      device: {
        deviceType: 'urn:schemas-upnp-org:device:MediaServer:1',
        friendlyName: found.FriendlyName,
        manufacturer: found.Manufacturer,
        modelName: found.ModelNumber,
        modelNumber: found.ModelNumber,
        serialNumber: found.DeviceID,
        UDN: `uuid:2d6a1c53-7d40-4a7c-9d55-${found.DeviceID.toLowerCase()}0000`,
      },
    },
  };
}

/**
 * Numbers for clients that know a channel by its number alone: its own where it is the first to have it, else the next free whole number
 * above all that are used. In the order of the lineup, so the same lineup has the same numbers.
 */
export function guideNumbers(numbers: Iterable<string | null>): string[] {
  const given = [...numbers];
  const taken = new Set<string>();
  const kept = given.map((number) => {
    if (number === null || taken.has(number)) return null;
    taken.add(number);
    return number;
  });
  let next =
    Math.max(0, ...[...taken].map((number) => Math.floor(Number(number))).filter((number) => number < 100_000)) + 1;
  return kept.map((number) => {
    if (number !== null) return number;
    const free = String(next);
    next += 1;
    return free;
  });
}
