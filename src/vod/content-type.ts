const byExtension: Readonly<Record<string, string>> = {
  mkv: 'video/x-matroska',
  mk3d: 'video/x-matroska',
  webm: 'video/webm',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  avi: 'video/x-msvideo',
  ts: 'video/mp2t',
  m2ts: 'video/mp2t',
  mts: 'video/mp2t',
  mpg: 'video/mpeg',
  mpeg: 'video/mpeg',
  vob: 'video/mpeg',
  wmv: 'video/x-ms-wmv',
  flv: 'video/x-flv',
  ogv: 'video/ogg',
  '3gp': 'video/3gpp',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
};

/**
 * The type a player is told: what the catalogue says, else what the extension means, else what the provider answered. Panels answer
 * `application/octet-stream` or a wrong type often enough to ask them last.
 */
export function contentTypeOf(declared: string, ext: string, answered?: string): string {
  if (isMedia(declared)) return declared;
  const known = byExtension[ext.toLowerCase().replace(/^\./, '')];
  if (known !== undefined) return known;
  if (answered !== undefined && isMedia(answered)) return answered;
  return declared === '' ? 'application/octet-stream' : declared;
}

function isMedia(type: string): boolean {
  return /^(?:video|audio)\/[\w.+-]+/i.test(type);
}
