import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { countedLists } from './panel-lists.ts';
import type { Provider } from './provider.ts';

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function answer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method} ${(request.url ?? '').replace(/\?.*$/, '')}`;
  const brief = (request.url ?? '').includes('brief');
  const reply = (value: unknown) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(value));
  };
  if (route === 'GET /state') reply(brief ? { ...provider.state(), requests: [], paths: {} } : provider.state());
  else if (route === 'GET /settings') reply(provider.settings);
  else if (route === 'GET /counts') reply(countedLists(provider.settings.catalog));
  else if (route === 'PATCH /settings') {
    provider.patch(await bodyOf(request));
    reply({});
  } else if (route === 'POST /reset') {
    provider.reset();
    reply({});
  } else if (route === 'POST /cut') {
    const body = await bodyOf(request);
    const username = typeof body.username === 'string' ? body.username : undefined;
    reply({ cut: provider.cut(body.how === 'reset' ? 'reset' : 'fin', username) });
  } else response.writeHead(404).end();
}

/** The provider's back door for tests: state, settings, reset of statistics, cutting of sockets. */
export function controlServer(provider: Provider): Server {
  return createServer((request, response) => {
    answer(provider, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
}
