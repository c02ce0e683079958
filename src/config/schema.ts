import { z } from 'zod';
import { breakerSettings } from './breaker-settings.ts';
import { transcodeSettings } from './transcode-settings.ts';

/**
 * The configuration document. Each key has a description and a default; docs/configuration.md, the checks of `coax check` and the
 * admin API are made from it. `secret` in the metadata marks what never leaves the process.
 */
const secret = { secret: true } as const;

const httpUrl = z
  .string()
  .trim()
  .refine(
    (text) => /^https?:\/\/[^\s/]+/i.test(text) && URL.canParse(text),
    'has to be an address that starts with http:// or https://',
  );
/** Playlists and guides may also be files on this machine: a path, or a file: address. */
const placeOfFile = z
  .string()
  .trim()
  .refine(
    (text) =>
      /^https?:\/\//i.test(text)
        ? URL.canParse(text)
        : text.startsWith('/') || text.startsWith('file:') || /^[A-Za-z]:[\\/]/.test(text),
    'has to be an http(s) address or an absolute path of a file',
  );
/** scheme://user:password@host:port, and nothing behind it. */
export const proxyAddress = z
  .string()
  .trim()
  .max(1_000)
  .refine(
    (text) =>
      /^(?:https?|socks(?:4a?|5h?)?):\/\/[^\s/?#]+\/?$/i.test(text) && URL.canParse(text.replace(/^\w+/, 'http')),
    'has to be the address of a proxy: http://, https://, socks4://, socks4a://, socks5:// or socks5h://, a host and a port',
  );
export const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name');
export const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not contain line breaks');

/** An IANA name, or an offset up to 14 hours: `+02:00`, `UTC-3`. */
function isTimeZone(zone: string): boolean {
  const offset = /^(?:UTC|GMT)?[+-](\d{1,2})(?::?([0-5]\d))?$/i.exec(zone);
  if (offset !== null) return Number(offset[1]) * 60 + Number(offset[2] ?? 0) <= 14 * 60;
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const accountSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax; stays the same when the login changes.' }),
  username: z
    .string()
    .default('')
    .meta({ description: 'User name at the provider.', ...secret }),
  password: z
    .string()
    .default('')
    .meta({ description: 'Password at the provider.', ...secret }),
  maxConnections: z
    .int('has to be a whole number')
    .min(0, 'has to be 0 (no limit) or more')
    .max(10_000)
    .nullable()
    .default(null)
    .meta({ description: 'Connections this login allows; 0 is no limit; empty asks the provider.' }),
});

export const sourceSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax; never changes.' }),
  kind: z.enum(['xtream', 'm3u', 'demo']).meta({ description: 'What kind of source it is.' }),
  name: z.string().trim().min(1, 'must not be empty').max(200).meta({ description: 'The name you see.' }),
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'A source that is off keeps its channels out of the lineup.' }),
  url: z
    .union([placeOfFile, z.literal('')])
    .default('')
    .meta({ description: 'Address of the panel (xtream) or of the playlist (m3u).', ...secret }),
  baseUrls: z
    .array(httpUrl)
    .max(20)
    .default([])
    .meta({ description: 'Other addresses of the same panel, tried in order.', ...secret }),
  accounts: z.array(accountSchema).max(100).default([]).meta({ description: 'The logins, in order of preference.' }),
  epgUrl: z
    .union([placeOfFile, z.literal('')])
    .default('')
    .meta({
      description:
        'Address of an XMLTV guide. It comes first; guides that a playlist names fill the channels it lacks. Empty uses what the source offers.',
      ...secret,
    }),
  userAgent: headerValue
    .max(500)
    .default('')
    .meta({ description: 'User agent for lists and streams; empty uses that of a common player.' }),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .meta({ description: 'More headers for lists and streams.', ...secret }),
  refreshHours: z
    .number()
    .min(0)
    .max(720)
    .default(12)
    .meta({ description: 'Hours between refreshes; 0 only refreshes by hand.' }),
  timeZone: z
    .string()
    .trim()
    .refine(
      (zone) => zone === '' || isTimeZone(zone),
      'is no time zone: has to be a name like Europe/Berlin or an offset like +02:00',
    )
    .default('')
    .meta({ description: "Zone of guide times that carry none; empty is the provider's, else UTC." }),
  multicastInterface: z
    .string()
    .trim()
    .max(100)
    .regex(/^[\w.:%-]*$/, 'has to be the name of a network interface or one of its addresses')
    .default('')
    .meta({
      description:
        'Network interface at which multicast groups are joined (its name or an address of it); empty leaves it to the system.',
    }),
  cookies: headerValue
    .max(8_000)
    .default('')
    .meta({
      description:
        'Cookies that lists and streams are asked with: name=value; name=value. Those that the provider sets come on top.',
      ...secret,
    }),
  proxy: z
    .union([proxyAddress, z.literal('')])
    .default('')
    .meta({
      description:
        'Proxy for everything of this source (lists, guides, streams, and pictures on its own hosts): http://, https://, socks4://, socks4a://, socks5:// or socks5h://, with the login where it needs one; names are looked up by the proxy with socks4a, socks5h and http. Empty uses none; proxies of the environment are never used.',
      ...secret,
    }),
  delivery: z.enum(['relay', 'redirect']).default('relay').meta({
    description:
      "How players of this source's channels and films get them: relay passes every byte through Coax. redirect sends players to the provider, which shows each of them the provider's address with user name and password in it; there is one connection for each player, no failover, and the limit is kept by asking the provider how many it counts. Media servers connected by the plugin, and whatever needs a proxy, cookies or headers, are always relayed.",
  }),
  readWith: z.enum(['coax', 'ffmpeg']).default('coax').meta({
    description: 'Who reads the streams that come over HTTP: Coax itself, or ffmpeg for what Coax can not read.',
  }),
});

export const outputSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax.' }),
  name: z.string().trim().min(1).max(200).meta({ description: 'The name you see.' }),
  token: z
    .string()
    .min(16)
    .meta({ description: 'The secret part of its addresses.', ...secret }),
  groups: z.array(z.string()).default([]).meta({ description: 'Only channels of these groups; empty takes all.' }),
  live: z.enum(['ts', 'hls']).default('ts').meta({
    description: 'What the playlist lists channels as: one endless stream (ts), or HLS for browsers and Apple devices.',
  }),
  maxStreams: z
    .int('has to be a whole number')
    .min(0, 'has to be 0 (no limit) or more')
    .max(10_000)
    .default(0)
    .meta({ description: 'How many channels and films may be watched through this output at a time; 0 is no limit.' }),
  catchup: z.boolean().default(true).meta({
    description:
      'Tell players in the playlist that past programmes can be played, for channels whose provider keeps an archive.',
  }),
  slates: z.boolean().default(false).meta({
    description:
      'Show players of live channels a picture that says why there is nothing to see, instead of an error. Media servers that are connected by the plugin always get it.',
  }),
  profile: z
    .string()
    .trim()
    .max(40)
    .default('')
    .meta({ description: 'The transcode profile for its channels; empty, or copy, gives them as they come.' }),
});

export const hostSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax.' }),
  kind: z.enum(['jellyfin']).default('jellyfin').meta({ description: 'What kind of media server it is.' }),
  name: z.string().trim().min(1, 'must not be empty').max(200).meta({ description: 'The name you see.' }),
  url: httpUrl.meta({ description: 'Address of the media server, with its base path where it has one.' }),
  apiKey: z
    .string()
    .trim()
    .max(200)
    .default('')
    .meta({ description: "An API key made in the media server's dashboard.", ...secret }),
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'A media server that is off is neither told of changes nor asked who watches.' }),
  outputId: z.string().max(200).default('').meta({ description: 'The output it gets; empty is the first.' }),
  coaxUrl: z
    .union([httpUrl, z.literal('')])
    .default('')
    .meta({ description: 'Address under which this media server reaches Coax; empty uses the public one.' }),
  refreshGuide: z
    .boolean()
    .default(true)
    .meta({ description: 'Let it read its guide anew when channels or programmes changed.' }),
  registration: z
    .strictObject({ tunerId: z.string(), guideId: z.string() })
    .nullable()
    .default(null)
    .meta({ description: 'What Coax registered there.' }),
});

const ms = (value: number, description: string, min = 0, max = 3_600_000) =>
  z.int().min(min).max(max).default(value).meta({ description });

export const settingsSchema = z.strictObject({
  publicUrl: z
    .union([httpUrl, z.literal('')])
    .default('')
    .meta({ description: 'Address under which players reach Coax; empty uses the one they asked.' }),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info').meta({ description: 'How much is logged.' }),
  ffprobePath: z.string().max(1_000).default('').meta({
    description:
      "The ffprobe to use where a stream does not tell its codecs; empty looks for the media server's and the system's.",
  }),
  ffmpegPath: z.string().max(1_000).default('').meta({
    description:
      "The ffmpeg to use for RTSP, RTMP and SRT, and for transcoding; empty looks beside ffprobe, for the media server's and the system's.",
  }),
  live: z
    .strictObject({
      lingerMs: ms(5_000, 'How long a channel stays open after its last viewer left.'),
      holdMs: ms(15_000, "How long a media server's channel stays open while nothing reads it."),
      backlogMs: ms(5_000, 'How much of a running channel a new viewer gets at once.', 0, 60_000),
      ringMs: ms(15_000, 'How much of a channel is kept in memory.', 1_000, 300_000),
      ringBytes: z
        .int()
        .min(1_048_576)
        .max(1_073_741_824)
        .default(33_554_432)
        .meta({ description: 'The most bytes kept in memory for a channel.' }),
      stallMs: ms(
        5_000,
        'How long a provider may send nothing before the next stream of the channel, or the same one, is opened.',
        500,
      ),
      syncLossMs: ms(3_000, 'How long what a provider sends may be no transport stream before it counts as lost.', 500),
      loopMs: ms(
        15_000,
        'The longest clip that is recognised when a provider sends it over and over instead of the channel, as they do to say that a limit is reached; the channel then goes on with its next stream, if it has one. 0 never looks.',
        0,
        60_000,
      ),
      connectMs: ms(10_000, 'How long a provider may take to answer.', 500),
      startMs: ms(15_000, 'How long a viewer waits for the first picture.', 500),
      hlsVariant: z
        .enum(['best', 'worst'], 'has to be best or worst')
        .default('best')
        .meta({ description: 'Which variant of an HLS stream is played, of those within the limits.' }),
      hlsMaxHeight: z
        .int('has to be a whole number')
        .min(0, 'has to be 0 (no limit) or more')
        .max(8_640)
        .default(0)
        .meta({ description: 'Variants with more lines are played only when there is no other; 0 is no limit.' }),
      hlsMaxKbps: z
        .int('has to be a whole number')
        .min(0, 'has to be 0 (no limit) or more')
        .max(1_000_000)
        .default(0)
        .meta({
          description: 'Variants with more kilobits a second are played only when there is no other; 0 is no limit.',
        }),
      slateMs: ms(
        60_000,
        'How long a viewer in a media server is shown why a channel can not be played, while it is tried again.',
        1_000,
        3_600_000,
      ),
      pretune: z
        .strictObject({
          enabled: z.boolean().default(false).meta({
            description:
              'Open the channels next to one that is watched ahead, where an account has connections to spare.',
          }),
          neighbours: z
            .int()
            .min(1, 'has to be 1 or more')
            .max(4, 'has to be 4 or less')
            .default(2)
            .meta({ description: 'How many channels are opened ahead for each viewer.' }),
          spare: z
            .int()
            .min(1, 'has to be 1 or more')
            .max(1_000)
            .default(1)
            .meta({ description: 'How many connections of an account are left free beside them.' }),
        })
        .prefault({}),
      startingSlate: z.enum(['auto', 'off']).default('auto').meta({
        description:
          'Where a provider is known to send nothing ahead: begin a channel in a media server with three seconds of a picture that says so, so that it has its first segment after one second instead of five. off never does.',
      }),
      writeProgressMs: ms(20_000, 'How long a player may read nothing before it is dropped.', 1_000),
      clientBufferBytes: z
        .int()
        .min(65_536)
        .max(67_108_864)
        .default(1_048_576)
        .meta({ description: "The most bytes that wait in a player's socket." }),
    })
    .prefault({}),
  hls: z
    .strictObject({
      segmentMs: ms(2_000, 'How long a segment is to be; it ends at the key frame that is next to it.', 1_000, 10_000),
      windowMs: ms(
        16_000,
        'How much of a channel its playlist lists; three times its target duration at least.',
        4_000,
        300_000,
      ),
      idleTargets: z
        .number()
        .min(1.5, 'has to be 1.5 or more: a player asks once in a target duration')
        .max(100)
        .default(3)
        .meta({ description: 'A player that asks for nothing for this many target durations has gone.' }),
      holdMs: ms(
        8_000,
        'How long the first playlist waits for its segments; after that the player is told to ask again.',
        500,
        60_000,
      ),
      maxBytes: z
        .int()
        .min(8_388_608)
        .max(4_294_967_296)
        .default(134_217_728)
        .meta({ description: 'The most bytes of segments kept in memory for a channel.' }),
    })
    .prefault({}),
  vod: z
    .strictObject({
      pauseMs: ms(60_000, 'How long a player may pause before its connection is given back.', 1_000),
      sessionIdleMs: ms(30_000, 'How long a playback lives between two requests.', 1_000),
      cacheBytes: z
        .int()
        .min(0)
        .max(1_073_741_824)
        .default(67_108_864)
        .meta({ description: 'Memory for the heads and tails of files.' }),
      connectMs: ms(10_000, 'How long a provider may take to answer.', 500),
      stallMs: ms(15_000, 'How long a provider may send nothing before the range is asked anew.', 500),
    })
    .prefault({}),
  accounts: z
    .strictObject({
      waitMs: ms(12_000, 'How long a viewer waits for a free connection.'),
      coolingFloorMs: ms(
        50,
        'The least time between closing a connection and opening the next on a full account.',
        0,
        30_000,
      ),
      coolingCapMs: ms(30_000, 'The most that Coax learns to wait after a connection was closed.', 0, 120_000),
      recordingsPreempt: z.boolean().default(false).meta({
        description:
          'Let a recording that finds no free connection take that of somebody who watches. Off, it takes only what nobody watches.',
      }),
      maxPerViewer: z
        .int('has to be a whole number')
        .min(0, 'has to be 0 (no limit) or more')
        .max(10_000)
        .default(0)
        .meta({
          description:
            'How much a user may watch at a time, over all devices; where no user is known, a device. 0 is no limit.',
        }),
      users: z
        .record(
          z.string().min(1).max(200),
          z.int('has to be a whole number').min(0, 'has to be 0 (no limit) or more').max(10_000),
        )
        .default({})
        .meta({ description: 'Other limits for users of these names; 0 is no limit.' }),
    })
    .prefault({}),
  transcode: transcodeSettings,
  ingest: z
    .strictObject({
      timeoutMs: ms(60_000, 'How long a provider may be silent while a list is read.', 1_000),
      maxBytes: z
        .int()
        .min(1_048_576)
        .default(4_294_967_296)
        .meta({ description: 'The largest list or guide, unpacked, in bytes.' }),
      collapseShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .meta({ description: 'A list that lost more than this share is held back until it comes twice.' }),
      guidePastDays: z
        .number()
        .min(0)
        .max(60)
        .default(1)
        .meta({ description: 'Days of past programmes that are kept.' }),
      guideFutureDays: z
        .number()
        .min(1)
        .max(60)
        .default(14)
        .meta({ description: 'Days of coming programmes that are kept.' }),
    })
    .prefault({}),
  breakers: breakerSettings,
  catchup: z
    .strictObject({
      bufferMinutes: z
        .int()
        .min(0)
        .max(120)
        .default(5)
        .meta({ description: 'Minutes that are played after the end of a past programme, as few end on time.' }),
    })
    .prefault({}),
  guide: z
    .strictObject({
      pictures: z.enum(['held', 'off']).default('held').meta({
        description:
          "Pictures of programmes for media servers: held gathers those of the next 36 hours ahead and serves them itself, never from a provider's own hosts; off gives none.",
      }),
    })
    .prefault({}),
});

export const configSchema = z.strictObject({
  version: z.literal(1).default(1),
  settings: settingsSchema.prefault({}),
  sources: z.array(sourceSchema).max(1_000).default([]),
  outputs: z.array(outputSchema).max(1_000).default([]),
  hosts: z.array(hostSchema).max(100).default([]),
});

export type Config = z.infer<typeof configSchema>;
export type Settings = z.infer<typeof settingsSchema>;
export type SourceConfig = z.infer<typeof sourceSchema>;
export type AccountConfig = z.infer<typeof accountSchema>;
export type OutputConfig = z.infer<typeof outputSchema>;
export type HostConfig = z.infer<typeof hostSchema>;
