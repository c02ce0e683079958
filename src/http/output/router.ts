import { type Request, type RequestHandler, type Response, Router } from 'express';
import { Builder } from 'xml2js';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { deviceDescription, discovery, lineupStatus } from '../../lineup/hdhomerun.ts';
import type { PublishedName } from '../../lineup/publisher.ts';
import type { ChannelId, EpisodeId, MovieId, SeriesId } from '../../model/ids.ts';
import type { Services } from '../services.ts';
import { getCatchup, headCatchup } from './catchup.ts';
import { idAndExt, outputBase, outputOf } from './context.ts';
import { getFile, headFile } from './files.ts';
import { getHlsEntry, getHlsPlaylist, getHlsSegment, headHls } from './hls.ts';
import { getLive, headLive } from './live.ts';
import { OpenResponses } from './open-responses.ts';
import { sendPlaylistAs, wantedEnding } from './playlist-form.ts';
import { sendPublished } from './published.ts';

type Handler = (request: Request, response: Response) => Promise<void> | void;

/** Sends what a handler throws to the problem handler. */
const guarded =
  (handler: Handler): RequestHandler =>
  (request, response, next) => {
    Promise.resolve()
      .then(() => handler(request, response))
      .catch(next);
  };

/** What players read: playlists, guide, HDHomeRun, media and logos, all under `/o/{token}`. */
export function outputRouter(services: Services): Router {
  const router = Router({ strict: true });
  const open = new OpenResponses();
  services.config.onChange((config) => open.revoke(config));

  const published =
    (name: PublishedName, packedName: PublishedName | null = null): Handler =>
    async (request, response) => {
      const output = outputOf(request, services);
      const generation = await services.publisher.current(output, outputBase(request, output, services));
      await sendPublished(request, response, generation[name], packedName === null ? null : generation[packedName]);
    };
  const hdhr =
    (answer: (found: ReturnType<typeof discovery>, response: Response) => void): Handler =>
    (request, response) => {
      const output = outputOf(request, services);
      answer(discovery(output, outputBase(request, output, services), services.lineup.tunerCount()), response);
    };
  // Express answers HEAD by GET unless told otherwise: for media that would open a provider's stream.
  const media = (kind: string, head: Handler, get: Handler): void => {
    router.head(`/:token/${kind}/:file`, guarded(head));
    router.get(`/:token/${kind}/:file`, guarded(get));
  };

  hlsRoutes(router, services, open);
  // Players in a browser ask before they send a range.
  router.options(
    [
      '/:token/live/:file',
      '/:token/live/:channel/:session/:file',
      '/:token/catchup/:file',
      '/:token/movie/:file',
      '/:token/episode/:file',
    ],
    (_request, response) => {
      response.set({
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Methods': 'GET, HEAD',
        'Access-Control-Allow-Headers': 'Range, If-Range',
      });
      response.status(204).end();
    },
  );
  media(
    'live',
    (request, response) => headLive(request, response, services),
    (request, response) => getLive(request, response, services, open),
  );
  media(
    'catchup',
    (request, response) => headCatchup(request, response, services),
    (request, response) => getCatchup(request, response, services, open),
  );
  for (const kind of ['movie', 'episode'] as const)
    media(
      kind,
      (request, response) => headFile(kind, request, response, services),
      (request, response) => getFile(kind, request, response, services, open),
    );
  router.get(
    '/:token/playlist.m3u',
    guarded(async (request, response) => {
      const ending = wantedEnding(request.query);
      if (ending === null && sendFirstChannel(request, response, services)) return undefined;
      if (ending === null) return published('playlist.m3u')(request, response);
      const output = outputOf(request, services);
      const generation = await services.publisher.current(output, outputBase(request, output, services));
      return sendPlaylistAs(request, response, generation['playlist.m3u'], ending);
    }),
  );
  router.get('/:token/movies.m3u', guarded(published('movies.m3u')));
  router.get('/:token/guide.xml', guarded(published('guide.xml', 'guide.xml.gz')));
  router.get('/:token/guide.xml.gz', guarded(published('guide.xml.gz')));
  router.get('/:token/hdhr/lineup.json', guarded(published('lineup.json')));
  router.get('/:token/hdhr/discover.json', guarded(hdhr((found, response) => response.json(found))));
  router.get('/:token/hdhr/lineup_status.json', guarded(hdhr((_found, response) => response.json(lineupStatus))));
  router.get(
    ['/:token/hdhr/device.xml', '/:token/hdhr'],
    guarded(
      hdhr((found, response) =>
        response.type('application/xml').send(new Builder().buildObject(deviceDescription(found))),
      ),
    ),
  );
  router.post('/:token/hdhr/lineup.post', guarded(hdhr((_found, response) => response.status(200).end())));
  router.get(
    '/:token/logo/:file',
    guarded(async (request, response) => {
      const output = outputOf(request, services);
      await sendLogo(output, idAndExt(request.params['file']).id, request, response, services);
    }),
  );
  router.get(
    '/:token/picture/:name',
    guarded(async (request, response) => {
      outputOf(request, services);
      const picture = await services.pictures.get(String(request.params['name']));
      if (picture === null) throw new CoaxError('NOT_FOUND', 'There is no such picture');
      // The name is a hash of where the picture came from.
      response.set({ ...asPicture, 'Content-Type': picture.contentType, 'Cache-Control': 'public, max-age=604800' });
      if (request.method === 'HEAD') response.set('Content-Length', String(picture.bytes.length)).end();
      else response.send(picture.bytes);
    }),
  );
  router.use(() => {
    throw new CoaxError('NOT_FOUND', 'There is nothing at this address');
  });
  return router;
}

/** A channel as HLS: its address, and below it the playlist and the segments of each play session. */
function hlsRoutes(router: Router, services: Services, open: OpenResponses): void {
  const head = guarded((request, response) => headHls(request, response, services));
  router.head('/:token/live/:channel.m3u8', head);
  router.head('/:token/live/:channel/:session/index.m3u8', head);
  router.get(
    '/:token/live/:channel.m3u8',
    guarded((request, response) => getHlsEntry(request, response, services)),
  );
  router.get(
    '/:token/live/:channel/:session/index.m3u8',
    guarded((request, response) => getHlsPlaylist(request, response, services, open)),
  );
  // HEAD of a segment comes here too: it is in memory, or it is not there.
  router.get(
    '/:token/live/:channel/:session/:file',
    guarded((request, response) => getHlsSegment(request, response, services, open)),
  );
}

/**
 * ffplay and ffmpeg read lists of HLS segments, and no lists of channels (libavformat's hls.c, `hls_probe`): they are sent to the first
 * channel. False for every other client.
 */
function sendFirstChannel(request: Request, response: Response, services: Services): boolean {
  if (request.headers['user-agent']?.startsWith('Lavf/') !== true) return false;
  const output = outputOf(request, services);
  const first = services.lineup.first(output);
  if (first === null) return false;
  response
    .set('Cache-Control', 'no-store')
    .redirect(307, `${outputBase(request, output, services)}/live/${first.id}.ts`);
  return true;
}

/** An SVG may hold scripts; served like this it is a picture and nothing else. */
const asPicture = {
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'X-Content-Type-Options': 'nosniff',
};

async function sendLogo(
  output: OutputConfig,
  id: string,
  request: Request,
  response: Response,
  { lineup, logos }: Services,
): Promise<void> {
  const channel = lineup.channel(output, id as ChannelId);
  const title =
    channel ??
    lineup.movie(output, id as MovieId) ??
    lineup.series(output, id as SeriesId) ??
    lineup.episode(output, id as EpisodeId);
  if (title === null) throw new CoaxError('NOT_FOUND', 'There is no such logo');
  const logo = await ('logo' in title ? logos.get(title.logo, title.name) : logos.get(title.poster, title.title));
  response.set({
    ...asPicture,
    'Content-Type': logo.contentType,
    'Cache-Control': logo.final ? 'public, max-age=86400' : 'public, max-age=300',
  });
  if (request.method === 'HEAD') response.set('Content-Length', String(logo.bytes.length)).end();
  else response.send(logo.bytes);
}
