/** Branded ids: plain strings at run time, never mixed up at compile time. */
type Brand<Name extends string> = string & { readonly __id: Name };

export type SourceId = Brand<'source'>;
export type AccountId = Brand<'account'>;
/** Logins that count against the same limit at the provider share one key: a hash of host and user name. */
export type LoginKey = Brand<'login'>;
export type ChannelId = Brand<'channel'>;
export type StreamId = Brand<'stream'>;
export type MovieId = Brand<'movie'>;
export type SeriesId = Brand<'series'>;
export type EpisodeId = Brand<'episode'>;
export type OutputId = Brand<'output'>;
export type JobId = Brand<'job'>;
export type LeaseId = Brand<'lease'>;
/** A live relay or a VOD session, as `GET /api/v1/streams` lists them. */
export type SessionId = Brand<'session'>;
export type ViewerKey = Brand<'viewer'>;
/** The channel id inside one guide, as the guide spells it. */
export type GuideId = Brand<'guide'>;
