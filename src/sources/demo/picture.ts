import { crc32, deflateSync } from 'node:zlib';
import { type ClipName, clipNames } from './clips.ts';

type Colour = readonly [red: number, green: number, blue: number];
/** The colour at a place; `x` and `y` run from 0 to 1. */
type Paint = (x: number, y: number) => Colour;

const mix = (a: Colour, b: Colour, part: number): Colour => [
  Math.round(a[0] + (b[0] - a[0]) * part),
  Math.round(a[1] + (b[1] - a[1]) * part),
  Math.round(a[2] + (b[2] - a[2]) * part),
];

const night: Colour = [18, 32, 58];
const white: Colour = [240, 244, 248];
const stripes: readonly Colour[] = [
  [191, 191, 191],
  [191, 191, 0],
  [0, 191, 191],
  [0, 191, 0],
  [191, 0, 191],
  [191, 0, 0],
  [0, 0, 191],
];

const paints: Readonly<Record<ClipName, Paint>> = {
  pattern: (x, y) => {
    const radius = Math.hypot(x - 0.5, y - 0.5);
    if (radius > 0.42) return night;
    return Math.floor(radius * 24) % 2 === 0 ? white : mix([200, 40, 60], [40, 90, 200], x);
  },
  // In steps, so that the file stays small.
  colours: (x, y) => {
    const across = Math.floor(x * 16) / 15;
    const down = Math.floor(y * 16) / 15;
    return mix(mix([18, 58, 107], [31, 161, 135], across), mix([242, 193, 78], [162, 59, 114], across), down);
  },
  bars: (x, y) => (y > 0.8 ? mix(night, white, x) : (stripes[Math.floor(x * stripes.length)] ?? white)),
};

const cache = new Map<string, string>();

/** A picture of a demo channel or movie as a `data:` URL of a PNG, `width` by `height` pixels. */
export function demoPicture(name: ClipName, width = 256, height = 256): string {
  const key = `${name} ${width} ${height}`;
  let url = cache.get(key);
  if (url === undefined) {
    url = `data:image/png;base64,${png(paints[name], width, height).toString('base64')}`;
    cache.set(key, url);
  }
  return url;
}

function png(paint: Paint, width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  let position = 0;
  for (let y = 0; y < height; y++) {
    position++; // filter type 0
    for (let x = 0; x < width; x++) {
      rows.set(paint(x / width, y / height), position);
      position += 3;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, part('IHDR', head), part('IDAT', deflateSync(rows)), part('IEND', Buffer.alloc(0))]);
}

function part(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** How the catalogue names a picture: it is made when somebody looks at it. */
export function demoPictureAddress(name: ClipName, width = 256, height = 256): string {
  return `demo:${name}/${width}x${height}`;
}

/** The picture of an address made by `demoPictureAddress`, as a data URL; null for any other address. */
export function demoPictureOf(address: string): string | null {
  const match = /^demo:(\w+)\/(\d{1,3})x(\d{1,3})$/.exec(address);
  const name = clipNames.find((known) => known === match?.[1]);
  return match === null || name === undefined ? null : demoPicture(name, Number(match[2]), Number(match[3]));
}
