/** The plugin as catalogues and its own meta.json describe it. */
export const plugin = {
  guid: '6d0f7a52-2f0b-4c5e-9c1e-8a54c0a7d3b1',
  name: 'Coax',
  overview: 'Live TV, catch-up and video on demand from IPTV providers',
  description:
    'Brings channels, guide and recordings from Xtream panels, M3U playlists and XMLTV guides into live TV. Connection limits hold, ' +
    'viewers share streams, and channels start in a moment. The engine that does the work comes with the plugin.',
  owner: 'Coax',
  category: 'LiveTV',
} as const;

/** The oldest host that loads it. It is a minimum: later hosts take it too. */
export const targetAbi = '10.11.0.0';
export const assemblyName = 'Jellyfin.Plugin.Coax.dll';

/** One version in a repository manifest. */
export interface ManifestVersion {
  /** Four parts, equal to the assembly's. */
  readonly version: string;
  readonly changelog: string;
  readonly targetAbi: string;
  readonly sourceUrl: string;
  /** MD5 of the zip, in hex. */
  readonly checksum: string;
  readonly timestamp: string;
}

/** A package of a repository manifest, the form that Jellyfin's catalogue reads. */
export interface ManifestPackage {
  readonly guid: string;
  readonly name: string;
  readonly overview: string;
  readonly description: string;
  readonly owner: string;
  readonly category: string;
  readonly imageUrl: string;
  readonly versions: readonly ManifestVersion[];
}

/** The assembly's version: that of package.json with a fourth part. */
export function fourParts(version: string): string {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`Version ${version} of package.json has to be MAJOR.MINOR.PATCH: the host can read nothing else.`);
  return `${version}.0`;
}

/** meta.json of the zip: what the host keeps beside the plugin. Without `assemblies` it would load every DLL it finds. */
export function metaJson(version: string, changelog: string, timestamp: string): string {
  const meta = {
    ...plugin,
    targetAbi,
    version: fourParts(version),
    changelog,
    timestamp,
    autoUpdate: true,
    imagePath: 'logo.png',
    assemblies: [assemblyName],
  };
  return `${JSON.stringify(meta, null, 2)}\n`;
}

function newestFirst(a: ManifestVersion, b: ManifestVersion): number {
  const [one, other] = [a, b].map(({ version }) => version.split('.').map(Number));
  for (let at = 0; at < 4; at += 1) {
    const difference = (other?.[at] ?? 0) - (one?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `existing` (the text of a manifest, or null) with this version in it, newest first; other versions and other packages stay. */
export function manifestWith(existing: string | null, entry: ManifestVersion, imageUrl: string): string {
  const packages = existing === null ? [] : (JSON.parse(existing) as ManifestPackage[]);
  const known = packages.find(({ guid }) => guid === plugin.guid)?.versions ?? [];
  const versions = [entry, ...known.filter(({ version }) => version !== entry.version)].toSorted(newestFirst);
  const own: ManifestPackage = { ...plugin, imageUrl, versions };
  return `${JSON.stringify([own, ...packages.filter(({ guid }) => guid !== plugin.guid)], null, 2)}\n`;
}

/** This plugin's entry for a version, or null. */
export function versionOf(manifest: string | null, version: string): ManifestVersion | null {
  const packages = manifest === null ? [] : (JSON.parse(manifest) as ManifestPackage[]);
  return packages.find(({ guid }) => guid === plugin.guid)?.versions.find((one) => one.version === version) ?? null;
}
