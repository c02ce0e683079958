import { z } from 'zod';
import { configSchema } from './schema.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

const typeOf = (node: Node): string => {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.map(typeOf))].filter((type) => type !== 'null').join(' or ');
  const range =
    node.minimum === undefined && node.maximum === undefined ? '' : ` ${node.minimum ?? ''}–${node.maximum ?? ''}`;
  return `${node.type ?? 'text'}${node.type === 'integer' || node.type === 'number' ? range : ''}`;
};

function rows(path: string, node: Node): string[] {
  const below = node.properties ?? node.items?.properties;
  if (below !== undefined) {
    const inside = node.items?.properties === undefined ? path : `${path}[]`;
    return Object.entries(below).flatMap(([key, child]) => rows(inside === '' ? key : `${inside}.${key}`, child));
  }
  const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
  return [
    `| \`${path}\` | ${typeOf(node)} | ${fallback} | ${node.description ?? ''}${node.secret === true ? ' *Secret.*' : ''} |`,
  ];
}

/** docs/configuration.md, from the schema: each key with its type, default and description. */
export function configReference(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node;
  return [
    '# Configuration',
    '',
    'Made from `src/config/schema.ts` by `npm run docs`. The document is `config.json` in the data folder; it is readable by its owner only,',
    'because it holds the logins. Change it through the admin API or the web UI, or with `coax export` and `coax import`.',
    '',
    '| key | type | default | what it is |',
    '| --- | --- | --- | --- |',
    ...rows('', schema),
    '',
  ].join('\n');
}
