import { z } from 'zod';
import type { Watching } from '../contract.ts';

/** Answers of Jellyfin, decoded leniently: only what is used, and whatever is missing or odd is left out. */
const text = z.string().nullish().catch(null);

const publicInfo = z.object({ ServerName: text, ProductName: text, Version: text });
const tuner = z.object({ Id: text, Type: text, Url: text });
const guideProvider = z.object({ Id: text, Type: text, Path: text });
const liveTv = z.object({
  TunerHosts: z.array(tuner).nullish().catch([]),
  ListingProviders: z.array(guideProvider).nullish().catch([]),
});
const task = z.object({ Id: text, Key: text, State: text });
const session = z.object({
  UserName: text,
  DeviceName: text,
  Client: text,
  NowPlayingItem: z.object({ Name: text, ChannelName: text, ChannelNumber: text, Number: text, Type: text }).nullish(),
});

export const readPublicInfo = (answer: unknown) => {
  const read = publicInfo.safeParse(answer);
  if (!read.success || !read.data.Version) return null;
  const { ServerName, ProductName, Version } = read.data;
  return { name: ServerName ?? '', product: ProductName ?? 'Jellyfin Server', version: Version };
};

export function readLiveTv(answer: unknown) {
  const read = liveTv.safeParse(answer);
  if (!read.success) return null;
  return { tuners: read.data.TunerHosts ?? [], guides: read.data.ListingProviders ?? [] };
}

export const readId = (answer: unknown): string | null => {
  const read = z.object({ Id: text }).safeParse(answer);
  return read.success ? read.data.Id || null : null;
};

/** The task with this key, which is the same in every language and version. */
export function readTask(answer: unknown, key: string): { readonly id: string; readonly running: boolean } | null {
  for (const entry of Array.isArray(answer) ? answer : []) {
    const read = task.safeParse(entry);
    if (read.success && read.data.Key === key && read.data.Id)
      return { id: read.data.Id, running: read.data.State !== 'Idle' };
  }
  return null;
}

/** Who plays something now. A programme of a channel counts as its channel. */
export function readWatching(answer: unknown): Watching[] {
  return (Array.isArray(answer) ? answer : []).flatMap((entry): Watching[] => {
    const read = session.safeParse(entry);
    const item = read.success ? read.data.NowPlayingItem : null;
    if (!read.success || !item) return [];
    const title = item.ChannelName || item.Name;
    if (!title) return [];
    const { UserName, DeviceName, Client } = read.data;
    const device = DeviceName || Client;
    const who = [UserName || 'Somebody', device].filter(Boolean).join(' on ');
    return [{ title, number: item.ChannelNumber || item.Number || null, who }];
  });
}

/** True for 10.10 and every later one; the SDK speaks from there on. */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 10 || (major === 10 && minor >= 10);
}
