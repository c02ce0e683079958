/** The bytes in chunks of one size, as a socket might give them. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

/** The bytes cut at the given places, which are taken modulo the length. */
export async function* cutAt(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Buffer> {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield Buffer.from(bytes.subarray(from, cut));
    from = cut;
  }
}
