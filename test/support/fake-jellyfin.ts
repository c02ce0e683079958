import { randomUUID } from 'node:crypto';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Entry = Record<string, unknown> & { Id: string };

/** A media server's API as Jellyfin answers it: only the `Authorization: MediaBrowser` header counts, as in 12. */
export class FakeJellyfin implements AsyncDisposable {
  readonly apiKey = 'b7c1f0e2a9d84c3f9e6a5d4c3b2a1908';
  version = '10.11.11';
  tuners: Entry[] = [];
  guides: Entry[] = [];
  sessions: unknown = [];
  taskState = 'Idle';
  readonly started: string[] = [];
  readonly updates: unknown[] = [];
  /** Method and path of each request, in order. */
  readonly asked: string[] = [];
  /** Answers instead of the API, for a test of what goes wrong. */
  instead: { readonly status: number; readonly body?: string; readonly location?: string } | 'silence' | null = null;

  readonly #server = createServer((request, response) => {
    void this.#answer(request).then((answer) => {
      if (answer === null) return;
      const { status, body, location } = answer;
      response.writeHead(status, {
        'Content-Type': 'application/json',
        ...(location === undefined ? {} : { location }),
      });
      response.end(body);
    });
  });

  static async start(): Promise<FakeJellyfin> {
    const fake = new FakeJellyfin();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jellyfin`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body?: string; location?: string } | null> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const route = `${request.method} ${pathname.replace('/jellyfin', '')}`;
    this.asked.push(route);
    if (this.instead === 'silence') return null;
    if (this.instead !== null) return this.instead;
    const json = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });
    if (route === 'GET /System/Info/Public')
      return json({ ServerName: 'Living room', ProductName: 'Jellyfin Server', Version: this.version, Id: 'x' });
    const authorised =
      request.headers.authorization?.startsWith('MediaBrowser ') === true &&
      request.headers.authorization.includes(`Token="${this.apiKey}"`);
    if (!authorised) return { status: 401 };
    const body = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
    const save = (list: Entry[], entry: Record<string, unknown>): Entry => {
      const Id = typeof entry['Id'] === 'string' && entry['Id'] !== '' ? entry['Id'] : randomUUID().replaceAll('-', '');
      const saved = { ...entry, Id };
      const at = list.findIndex((one) => one.Id === Id);
      if (at < 0) list.push(saved);
      else list[at] = saved;
      return saved;
    };
    switch (route) {
      case 'GET /System/Configuration/livetv':
        return json({ GuideDays: null, TunerHosts: this.tuners, ListingProviders: this.guides });
      case 'POST /LiveTv/TunerHosts':
        return json(save(this.tuners, body()));
      case 'DELETE /LiveTv/TunerHosts':
        this.tuners = this.tuners.filter(({ Id }) => Id !== searchParams.get('id'));
        return { status: 204 };
      case 'GET /LiveTv/ListingProviders/Default':
        return json({ EnableAllTuners: true, NewsCategories: ['news'], MovieCategories: ['movie'] });
      case 'POST /LiveTv/ListingProviders':
        return json(save(this.guides, body()));
      case 'DELETE /LiveTv/ListingProviders':
        this.guides = this.guides.filter(({ Id }) => Id !== searchParams.get('id'));
        return { status: 204 };
      case 'GET /Sessions':
        return json(this.sessions);
      case 'GET /ScheduledTasks':
        return json([
          { Id: 'library', Key: 'RefreshLibrary', State: this.taskState },
          { Id: 'guide', Key: 'RefreshGuide', State: this.taskState },
        ]);
      case 'POST /Library/Media/Updated':
        this.updates.push(body());
        return { status: 204 };
    }
    const task = /^POST \/ScheduledTasks\/Running\/(\w+)$/.exec(route);
    if (task === null) return { status: 404 };
    this.started.push(task[1] ?? '');
    return { status: 204 };
  }
}
