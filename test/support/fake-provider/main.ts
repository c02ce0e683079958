import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { controlServer } from './control.ts';
import { Provider } from './provider.ts';
import { defaultSettings, patchSettings, type SettingsPatch } from './settings.ts';

const usage = `An IPTV provider for tests.
  --port N            panel port (default 8880; 0 picks one)
  --control-port N    control API port (default 0)
  --max N             connections of the login (default 1; 0 is no limit)
  --username U --password P
  --channels N --movies N --series N
  --redirects N       hops to the edge server
  --release-delay MS  a closed socket counts on for so long
  --refusal KIND      401 403 429 458 503 html text clip reset
  --stdin             first line of stdin is a JSON patch of the settings; ends when stdin closes
Control: GET /state, GET /counts, GET and PATCH /settings, POST /reset, POST /cut {how, username}`;

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    process.stdin.resume();
    return line;
  }
  return '{}';
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8880' },
    'control-port': { type: 'string', default: '0' },
    max: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
    channels: { type: 'string' },
    movies: { type: 'string' },
    series: { type: 'string' },
    redirects: { type: 'string' },
    'release-delay': { type: 'string' },
    refusal: { type: 'string' },
    stdin: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text));
const [login] = defaultSettings.logins;
const { catalog } = defaultSettings;
let settings = patchSettings(defaultSettings, {
  logins: [
    {
      username: values.username ?? login?.username ?? '',
      password: values.password ?? login?.password ?? '',
      maxConnections: number(values.max, 1),
    },
  ],
  catalog: {
    channels: number(values.channels, catalog.channels),
    movies: number(values.movies, catalog.movies),
    series: number(values.series, catalog.series),
  },
  redirects: number(values.redirects, 0),
  releaseDelayMs: number(values['release-delay'], 0),
  refusal: (values.refusal ?? '403') as typeof defaultSettings.refusal,
});
if (values.stdin) {
  settings = patchSettings(settings, JSON.parse(await firstLine()) as SettingsPatch);
  process.stdin.on('end', () => process.exit(0)).resume();
}

const provider = new Provider(settings);
const ports = await provider.start(Number(values.port), 0);
const control = controlServer(provider);
await new Promise<void>((resolve) => control.listen(Number(values['control-port']), '127.0.0.1', resolve));
console.log(JSON.stringify({ ready: true, ...ports, controlPort: (control.address() as AddressInfo).port }));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
