/** What CHANGELOG.md says of one version. */
export interface Release {
  /** YYYY-MM-DD, as it stands in the heading. */
  readonly date: string;
  /** The section's text without its heading. */
  readonly text: string;
}

/** The section `## [VERSION] - DATE` of a changelog in the form of Keep a Changelog; null when there is none, or none with a date. */
export function releaseOf(changelog: string, version: string): Release | null {
  const sections = changelog.replaceAll('\r\n', '\n').split(/^## /m).slice(1);
  for (const section of sections) {
    const [heading = '', ...lines] = section.split('\n');
    const match = /^\[([^\]]+)\] - (\d{4}-\d{2}-\d{2})\s*$/.exec(heading);
    if (match?.[1] === version && match[2] !== undefined) return { date: match[2], text: lines.join('\n').trim() };
  }
  return null;
}
