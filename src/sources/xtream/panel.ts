import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { parsePanelAddress, type XtreamLogin } from './url.ts';

export interface PanelAccount extends XtreamLogin {
  readonly id: string;
}

/** A panel as configured: its addresses in order of preference, and the logins. */
export interface Panel {
  readonly bases: readonly string[];
  /** In the order of the configuration; never empty. */
  readonly accounts: readonly PanelAccount[];
}

/** The id of the only account of a source whose login stands in its address. */
export const implicitAccountId = (sourceId: string): string => `${sourceId}:0`;

/**
 * The panel of a source. A login in the pasted address serves where the configuration has none. Throws CONFIG_INVALID when the
 * address is none.
 */
export function panelOf(source: Pick<SourceConfig, 'id' | 'url' | 'baseUrls' | 'accounts'>): Panel {
  const main = parsePanelAddress(source.url);
  if (main === undefined) throw new CoaxError('CONFIG_INVALID', 'The address of the panel is not valid');
  const others = source.baseUrls.map(parsePanelAddress).filter((address) => address !== undefined);
  const bases = [...new Set([main, ...others].map(({ base }) => base))];
  const given = main.login ?? { username: '', password: '' };
  const accounts = source.accounts.map(({ id, username, password }) =>
    username === '' && password === '' ? { id, ...given } : { id, username, password },
  );
  return { bases, accounts: accounts.length > 0 ? accounts : [{ id: implicitAccountId(source.id), ...given }] };
}
