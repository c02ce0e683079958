import { z } from 'zod';
import { breakerSettings } from './breaker-settings.ts';
import { httpUrl } from './fields.ts';
import { transcodeSettings } from './transcode-settings.ts';

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
