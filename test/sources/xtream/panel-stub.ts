import type { ServerResponse } from 'node:http';
import { startWebStub, type WebStub } from '../web-stub.ts';

export interface PanelLogin {
  readonly username: string;
  readonly password: string;
}

/** What a panel answers to an action: a document, a text as it stands, or a status. Absent actions answer with the account, as panels do. */
export type Answer =
  | { readonly json: unknown }
  | { readonly text: string | Buffer }
  | { readonly status: number; readonly text?: string }
  | ((url: URL) => Answer);

export interface PanelOptions {
  readonly login: PanelLogin;
  readonly user?: object;
  readonly server?: object;
  readonly actions?: Readonly<Record<string, Answer>>;
  /** For `xmltv.php` and `get.php`. */
  readonly files?: Readonly<Record<string, Answer>>;
  readonly prefix?: string;
}

function send(response: ServerResponse, answer: Answer, url: URL): void {
  if (typeof answer === 'function') send(response, answer(url), url);
  else if ('json' in answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer.json));
  else if ('status' in answer) response.writeHead(answer.status).end(answer.text ?? '');
  else response.end(answer.text);
}

/** A panel as they are: it answers anything it does not know, and any wrong login, with 200 and an account. */
export async function startPanel({ login, user, server, actions, files, prefix = '' }: PanelOptions): Promise<WebStub> {
  return startWebStub((_, response, url) => {
    const query = url.searchParams;
    const known = query.get('username') === login.username && query.get('password') === login.password;
    const file = url.pathname.slice(prefix.length + 1);
    if (file !== 'player_api.php') {
      send(response, known ? (files?.[file] ?? { status: 404 }) : { status: 403 }, url);
      return;
    }
    const account = {
      user_info: known ? { ...login, auth: 1, status: 'Active', max_connections: '2', ...user } : { auth: 0 },
      server_info: { timezone: 'Europe/Berlin', ...server },
    };
    const answer = known ? actions?.[query.get('action') ?? ''] : undefined;
    send(response, answer ?? { json: account }, url);
  });
}
