import { SourceStates } from '../catalog/source-states.ts';
import { CoaxError, type ErrorCode, errorTable, toCoaxError } from '../errors.ts';
import type { CatalogSummary, LoginReport, ReadContext } from '../sources/contract.ts';
import { refreshGuide } from './guide-refresh.ts';
import type { Problem, RefreshOutcome } from './outcome.ts';
import { PartPublisher } from './part-publisher.ts';
import { type RefreshRunOptions, throwIfCancelled } from './refresh-options.ts';
import { RejectLog } from './reject-log.ts';
import { Staging, type StagedItems, type StagedPart } from './staging.ts';

export const catalogParts = ['live', 'movies', 'series'] as const satisfies readonly StagedPart[];

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

/** Logs in, and says so in the catalogue; false when only the lists can tell whether it works. Throws when every login is refused or has expired: lists would only say it less clearly. */
async function checkLogins({ reader, database, sourceId, signal }: RefreshRunOptions): Promise<boolean> {
  const reports = reader.logins === undefined ? await reader.test(signal) : await reader.logins(signal);
  if (reports === null) return false;
  database.write(() => new SourceStates(database).saveLogins(sourceId, reports));
  const first = reports[0];
  if (
    first === undefined ||
    reports.some(({ ok, code }) => ok || !/^SOURCE_(?:LOGIN_REFUSED|EXPIRED)$/.test(code ?? ''))
  )
    return true;
  const code = first.code !== undefined && isErrorCode(first.code) ? first.code : 'SOURCE_LOGIN_REFUSED';
  throw new CoaxError(code, first.message);
}

function saveLogin({ database, sourceId }: RefreshRunOptions, report: LoginReport): void {
  database.write(() => new SourceStates(database).saveLogins(sourceId, [report]));
}

async function stage(
  { reader, signal }: RefreshRunOptions,
  staging: Staging,
  rejects: RejectLog,
  context: ReadContext,
): Promise<{ readonly summary: CatalogSummary; readonly counts: Readonly<Record<StagedPart, number>> }> {
  const counts = { live: 0, movies: 0, series: 0 };
  const add = <Part extends StagedPart>(part: Part, items: readonly StagedItems[Part][]): void => {
    signal.throwIfAborted();
    staging.add(part, counts[part], items);
    counts[part] += items.length;
  };
  const summary = await reader.readCatalog(
    {
      live: (items) => add('live', items),
      movies: (items) => add('movies', items),
      series: (items) => add('series', items),
      episodes: (series, items) => staging.addEpisodes(series, items),
      reject: (reject) => rejects.add(reject),
    },
    context,
  );
  return { summary, counts };
}

/** Reads the guide alone, with what the logins said last: the provider gets one request. */
async function runGuideRefresh(options: RefreshRunOptions): Promise<RefreshOutcome> {
  const { database, signal, sourceId } = options;
  const rejects = new RejectLog();
  options.progress({ stage: 'guide', done: 0, total: null });
  const { problem, programmes, published } = await refreshGuide(options, rejects, {
    signal,
    progress: (stage, done, total) => options.progress({ stage, done, total: total ?? null }),
    logins: new SourceStates(database).get(sourceId).logins as readonly LoginReport[],
  });
  signal.throwIfAborted();
  return {
    counts: { programmes },
    published,
    problems: problem === null ? [] : [problem],
    rejects: rejects.first,
    rejectCount: rejects.total,
  };
}

/**
 * One refresh of a source: read into staging, judge, match identities, publish part by part, then the guide. Whatever fails keeps what was
 * there (design D1, D2). Throws CANCELLED when `signal` fires, and the source's error when nothing at all could be read.
 */
export async function runRefresh(options: RefreshRunOptions): Promise<RefreshOutcome> {
  if (options.parts === 'guide') return runGuideRefresh(options);
  const { database, sourceId, signal, now } = options;
  const rejects = new RejectLog();
  const publisher = new PartPublisher(database, sourceId, options.settings.collapseShare, now);
  const context: ReadContext = {
    signal,
    progress: (name, done, total) => options.progress({ stage: name, done, total: total ?? null }),
  };
  const problems: Problem[] = [];
  let published = false;
  let told: boolean | undefined;
  try {
    options.progress({ stage: 'login', done: 0, total: null });
    told = await checkLogins(options);
    signal.throwIfAborted();
    using staging = new Staging(options.stagingPath);
    const { summary, counts } = await stage(options, staging, rejects, context);
    signal.throwIfAborted();
    if (!told) saveLogin(options, { ok: true, message: 'The playlist can be read' });
    for (const part of catalogParts) {
      options.progress({ stage: `publish ${part}`, done: 0, total: counts[part] });
      const problem = publisher.publish(part, summary, counts[part], staging, rejects);
      if (problem === null) published ||= counts[part] > 0;
      else problems.push(problem);
    }
  } catch (error) {
    throwIfCancelled(error, signal);
    const { code, message } = toCoaxError(error);
    if (told === false && code.startsWith('SOURCE_')) saveLogin(options, { ok: false, code, message });
    publisher.failAll(catalogParts, error, rejects);
    throw error;
  }
  const guide = await refreshGuide(options, rejects, context);
  if (guide.problem !== null) problems.push(guide.problem);
  signal.throwIfAborted();
  return {
    counts: { ...publisher.counts(), programmes: guide.programmes },
    published: published || guide.published,
    problems,
    rejects: rejects.first,
    rejectCount: rejects.total,
  };
}
