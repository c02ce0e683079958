import { join } from 'node:path';
import { Pictures } from '../lineup/pictures.ts';
import { ProgrammeFiles, type ProgrammeFilesOptions } from '../lineup/programme-files.ts';
import type { Log } from '../log/log.ts';

/** The guide as media servers get it: its files, and the pictures that they name. */
export interface HostGuide {
  readonly programmes: ProgrammeFiles;
  readonly pictures: Pictures;
  /** Takes up what an earlier run has made, so that its revision is told from the first answer on. Never rejects. */
  start(): Promise<void>;
  stop(): Promise<unknown>;
}

/** Each guide that is made tells which pictures to gather; what was gathered makes the next one. */
export function createHostGuide(
  options: Omit<ProgrammeFilesOptions, 'pictures' | 'log'> & { readonly dataDir: string; readonly log: Log },
): HostGuide {
  const { dataDir, config, log } = options;
  const pictures = new Pictures({ folder: join(dataDir, 'pictures'), config, log: log.child({ part: 'pictures' }) });
  const programmes = new ProgrammeFiles({ ...options, pictures, log: log.child({ part: 'publisher' }) });
  programmes.onPublished(({ id }, { folder }) => void pictures.gather(id, folder));
  return {
    programmes,
    pictures,
    start: () =>
      programmes
        .start()
        .catch((error: unknown) => log.warn('the guide of an earlier run could not be taken up', { error })),
    stop: () => Promise.all([programmes.close(), pictures.close()]),
  };
}
