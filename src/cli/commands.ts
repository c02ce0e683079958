import type { Command, Flag } from './arguments.ts';

const data: Flag = { name: 'data', value: 'DIR', description: 'The data folder (default: ./data, or COAX_DATA).' };

/** Each command with its help; what it does is loaded when it runs, so that `--help` is quick. */
export const commands: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Run the engine until SIGTERM or SIGINT.',
    positionals: [],
    flags: [
      data,
      { name: 'host', value: 'ADDR', description: 'The address to listen on (default: 127.0.0.1, or COAX_HOST).' },
      {
        name: 'port',
        value: 'N',
        description: 'The port to listen on; 0 picks a free one (default: 8730, or COAX_PORT).',
      },
      { name: 'log-format', value: 'text|json', description: 'How lines look on standard error (default: text).' },
      {
        name: 'stdin-lifeline',
        description: 'End when standard input closes, as it does when the parent process dies.',
      },
      { name: 'port-fallback', description: 'Listen on any free port when the port is taken.' },
      {
        name: 'handshake',
        description: 'For a parent process: one JSON line on standard output tells address and token of this run.',
      },
    ],
    notes: [
      'COAX_ADMIN_TOKEN sets the admin token; otherwise DIR/admin-token holds one, made at the first start.',
      '--handshake also means --stdin-lifeline and --log-format json. Nothing else is written to standard output.',
    ],
    run: async (args) => (await import('./serve.ts')).serve(args),
  },
  {
    name: 'check',
    summary: 'Validate configuration and catalogue, and try the login of each source.',
    positionals: [],
    flags: [data, { name: 'offline', description: 'Ask no provider.' }],
    run: async (args) => (await import('./check.ts')).check(args),
  },
  {
    name: 'import',
    summary: 'Replace the whole configuration by the one in FILE.',
    positionals: ['FILE'],
    flags: [data, { name: 'dry-run', description: 'Only say what would change.' }],
    notes: [
      'The engine must not be running on this data folder. What was there before is kept as config.json.before-import.',
    ],
    run: async (args) => (await import('./transfer.ts')).importConfig(args),
  },
  {
    name: 'export',
    summary: 'Write the whole configuration, with its secrets and overrides, to FILE (- is standard output).',
    positionals: ['FILE'],
    flags: [data],
    notes: ['The file holds logins: it is made so that only you can read it.'],
    run: async (args) => (await import('./transfer.ts')).exportConfig(args),
  },
  {
    name: 'm3u',
    summary: 'Tell what Coax makes of a playlist: counts, and rejects with line numbers and reasons.',
    positionals: ['FILE'],
    flags: [{ name: 'json', description: 'Print the report as JSON.' }],
    run: async (args) => (await import('./report.ts')).reportM3u(args),
  },
  {
    name: 'xmltv',
    summary: 'Tell what Coax makes of a guide: counts, and rejects with line numbers and reasons.',
    positionals: ['FILE'],
    flags: [{ name: 'json', description: 'Print the report as JSON.' }],
    run: async (args) => (await import('./report.ts')).reportXmltv(args),
  },
];
