import { z } from 'zod';
import { error, nullableNumber } from './schemas.ts';

export const source = z.object({
  id: z.string(),
  kind: z.enum(['xtream', 'm3u', 'demo']),
  name: z.string(),
  enabled: z.boolean(),
  url: z.string().meta({ description: 'Without what is secret in it.' }),
  baseUrls: z.array(z.string()),
  epgUrl: z.string(),
  userAgent: z.string(),
  headerNames: z.array(z.string()).meta({ description: 'Names only; the values are write-only.' }),
  refreshHours: z.number(),
  timeZone: z.string(),
  multicastInterface: z.string(),
  readWith: z.enum(['coax', 'ffmpeg']),
  hasCookies: z.boolean().meta({ description: 'Whether there are any; they are write-only.' }),
  proxy: z.string().meta({ description: 'Without its login, which is write-only.' }),
  delivery: z.enum(['relay', 'redirect']),
  accounts: z.array(z.object({ id: z.string(), maxConnections: z.int().nullable(), hasLogin: z.boolean() })),
  state: z.object({
    parts: z.array(
      z.object({
        part: z.string(),
        lastSuccessAt: nullableNumber,
        lastFailureAt: nullableNumber,
        error: error.nullable(),
        count: z.int(),
        rejects: z.int(),
      }),
    ),
    nextRefreshAt: nullableNumber,
  }),
});

const login = {
  username: z.string().max(500),
  password: z.string().max(500),
  maxConnections: z.int().min(0).max(10_000).nullable(),
};
const sourceFields = {
  name: z.string().trim().min(1, 'must not be empty').max(200),
  enabled: z.boolean(),
  url: z.string().max(4_000),
  ...login,
  accounts: z
    .array(z.strictObject({ ...login, id: z.string() }).partial())
    .max(99)
    .meta({
      description:
        'More logins of the same provider; the first one is username and password. An id keeps what is not given.',
    }),
  baseUrls: z.array(z.string().max(4_000)),
  epgUrl: z.string().max(4_000),
  userAgent: z.string().max(500),
  headers: z.record(z.string(), z.string()),
  refreshHours: z.number().min(0).max(720),
  timeZone: z.string().max(100),
  multicastInterface: z.string().max(100),
  cookies: z.string().max(8_000),
  proxy: z.string().max(1_000),
  delivery: z.enum(['relay', 'redirect']),
  readWith: z.enum(['coax', 'ffmpeg']),
};
export const sourceCreate = z
  .strictObject({ ...sourceFields, kind: z.enum(['xtream', 'm3u', 'demo']) })
  .partial()
  .required({ kind: true, name: true });
export const sourcePatch = z.strictObject(sourceFields).partial();

const loginReport = z.object({
  ok: z.boolean(),
  message: z.string(),
  code: z.string().optional(),
  status: z.string().optional(),
  expiresUnix: z.number().optional(),
  maxConnections: z.number().optional(),
  activeConnections: z.number().optional(),
  formats: z.array(z.string()).optional(),
  timeZone: z.string().optional(),
  trial: z.boolean().optional(),
});

/** The first login that fails, else the first one; then every one, in the order of the accounts. */
export const sourceTest = loginReport.extend({ accounts: z.array(loginReport) });
