import type { CatalogSettings, GuideSettings } from './settings.ts';
import { channelIndexes, channelName, groupOf } from './panel-lists.ts';

function stamp(unix: number, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1;
  const offset = sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5))) * 60;
  const text = new Date((unix + offset) * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return `${text} ${zone}`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Programmes start at whole multiples of their length in Unix time, so that two reads agree. */
export function programmeAt(index: number, startUnix: number): { title: string; description: string } {
  const slot = Math.floor(startUnix / 60);
  return { title: `Programme ${index + 1}-${slot}`, description: `What happens on channel ${index + 1} & what not.` };
}

/** `xmltv.php` in pieces. */
export function* guideText(catalog: CatalogSettings, guide: GuideSettings, nowUnix: number): Generator<string> {
  const indexes = channelIndexes(catalog).slice(0, guide.channels > 0 ? guide.channels : catalog.channels);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="fake">\n';
  let text = '';
  for (const index of indexes) {
    text += `<channel id="ch${index + 1}.test"><display-name>${escaped(channelName(catalog, index))}</display-name></channel>\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  const length = guide.minutesEach * 60;
  const from = Math.floor((nowUnix - guide.pastDays * 86_400) / length) * length;
  const to = nowUnix + guide.days * 86_400;
  const shift = guide.shiftMin * 60;
  const icon = guide.icon === '' ? '' : `<icon src="${escaped(guide.icon)}"/>`;
  for (const index of indexes) {
    for (let start = from; start < to; start += length) {
      const { title, description } = programmeAt(index, start);
      text += `<programme start="${stamp(start + shift, guide.zone)}" stop="${stamp(start + shift + length, guide.zone)}" channel="ch${index + 1}.test"><title lang="en">${title}</title><desc lang="en">${escaped(description)}</desc>${icon}</programme>\n`;
    }
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield `${text}</tv>\n`;
}

/** `get.php`: an M3U with attributes, and with quirks a broken entry in front of every second. `streamUrl` builds an entry's URL from its channel index. */
export function* playlistText(
  catalog: CatalogSettings,
  base: string,
  streamUrl: (index: number) => string,
  more: (index: number) => string = () => '',
): Generator<string> {
  let text = `#EXTM3U x-tvg-url="${base}/xmltv.php"\n`;
  for (const index of channelIndexes(catalog)) {
    const name = channelName(catalog, index);
    if (catalog.quirks && index % 2 === 1)
      text += `#EXTINF:-1,Not to be read ${streamUrl(index)}\nfoo${streamUrl(index).slice(4)}\n`;
    text += `#EXTINF:-1 tvg-id="ch${index + 1}.test" tvg-name="${name}" tvg-chno="${index + 1}" tvg-logo="${base}/logo/${index + 1}.png${catalog.logoQuery}" group-title="Group ${groupOf(catalog, index)}"${more(index)},${name}\n${streamUrl(index)}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield text;
}

/** `get_short_epg` and `get_simple_data_table` for one channel; titles in base64 as panels send them. */
export function listings(
  index: number,
  guide: GuideSettings,
  nowUnix: number,
  zoneOffset: number,
  limit: number,
): Record<string, unknown>[] {
  const length = guide.minutesEach * 60;
  const local = (unix: number) => new Date((unix + zoneOffset) * 1000).toISOString().replace('T', ' ').slice(0, 19);
  const result: Record<string, unknown>[] = [];
  const past = limit > 0 ? 0 : guide.pastDays * 86_400;
  const most = limit > 0 ? limit : Infinity;
  const end = nowUnix + guide.days * 86_400;
  for (let start = Math.floor((nowUnix - past) / length) * length; start < end; start += length) {
    if (result.length >= most) break;
    const { title, description } = programmeAt(index, start);
    result.push({
      id: String(start),
      epg_id: String(index + 1),
      title: Buffer.from(title).toString('base64'),
      lang: 'en',
      start: local(start),
      end: local(start + length),
      description: Buffer.from(description).toString('base64'),
      channel_id: `ch${index + 1}.test`,
      start_timestamp: String(start),
      stop_timestamp: String(start + length),
      now_playing: start <= nowUnix && nowUnix < start + length ? 1 : 0,
      has_archive: start < nowUnix ? 1 : 0,
    });
  }
  return result;
}
