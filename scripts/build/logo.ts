import { zlibSync } from 'fflate';

const width = 640;
const height = 360;

type Colour = readonly [red: number, green: number, blue: number];
const night: Colour = [16, 24, 40];
const braid: Colour = [214, 158, 84];
const dielectric: Colour = [238, 242, 247];
const core: Colour = [200, 96, 44];

/** How much of a pixel at `distance` from an edge lies inside: a soft edge one pixel wide. */
function inside(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance));
}

function mixed(below: Colour, above: Colour, share: number): Colour {
  const [red, green, blue] = [0, 1, 2].map((at) => (below[at] ?? 0) * (1 - share) + (above[at] ?? 0) * share);
  return [red ?? 0, green ?? 0, blue ?? 0];
}

/** The distance from a triangle that points right, its centre at the origin; negative inside. */
function triangle(x: number, y: number, size: number): number {
  return Math.max(-x - size / 2, (x + Math.sqrt(3) * Math.abs(y) - size) / 2);
}

/** The cut end of a coaxial cable, whose core is the sign for play. */
function pixel(x: number, y: number): Colour {
  const radius = Math.sqrt(x * x + y * y);
  let colour = night;
  colour = mixed(colour, braid, inside(Math.abs(radius - 132) - 14));
  colour = mixed(colour, dielectric, inside(radius - 100));
  return mixed(colour, core, inside(triangle(x, y, 52)));
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The plugin's picture in catalogues: a PNG of 640 by 360, drawn here, the same bytes on every machine. */
export function logoPng(): Uint8Array {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    rows[at++] = 0;
    for (let x = 0; x < width; x += 1)
      for (const part of pixel(x + 0.5 - width / 2, y + 0.5 - height / 2)) rows[at++] = Math.round(part);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
