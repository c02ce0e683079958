import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, openCatalogFile } from '../../src/catalog/catalog.ts';
import type { Database } from '../../src/catalog/database.ts';

/** A catalogue in a folder of its own: the main thread's side, and the worker's connection to the same file. */
export class TempCatalog {
  readonly folder = mkdtempSync(join(tmpdir(), 'coax-catalog-'));
  readonly path = join(this.folder, 'catalog.db');
  readonly catalog: Catalog = Catalog.open(this.path);
  readonly worker: Database = openCatalogFile(this.path);

  [Symbol.dispose](): void {
    this.worker.close();
    this.catalog.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
