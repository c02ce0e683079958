import type { ViewerKey } from '../../model/ids.ts';
import type { Viewer } from '../../model/viewer.ts';

/** The viewer behind a host's stream: one object for as long as it reads, whose key and label follow what the host tells. */
export interface HostViewer extends Viewer {
  key: ViewerKey;
}

/** `label` is asked whenever the viewer is shown. Own properties only: lists copy viewers. */
export function hostViewer(key: ViewerKey, label: () => string, user?: string): HostViewer {
  return {
    key,
    ...(user === undefined ? {} : { user }),
    get label() {
      return label();
    },
  };
}
