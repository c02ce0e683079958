import { z } from 'zod';
import { headerName, headerValue, httpUrl, isTimeZone, placeOfFile, proxyAddress, secret } from './fields.ts';

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
