import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FolderLock } from '../../src/catalog/folder-lock.ts';
import { CoaxError } from '../../src/errors.ts';

describe('FolderLock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is held by one at a time, and free again when it is given back', () => {
    {
      using _lock = FolderLock.take(folder);
      let error: unknown;
      try {
        FolderLock.take(folder)[Symbol.dispose]();
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(CoaxError).with.property('code', 'DATA_FOLDER_IN_USE');
    }
    FolderLock.take(folder)[Symbol.dispose]();
  });
});
