import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Database } from '../../src/catalog/database.ts';
import { latestVersion, migrate } from '../../src/catalog/migrations.ts';
import { CoaxError } from '../../src/errors.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof CoaxError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

describe('the catalogue file', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coax-database-'));
    path = join(folder, 'catalog.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is readable by its owner only, with its log', function () {
    if (process.platform === 'win32') this.skip();
    const catalog = Catalog.open(path);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).to.equal(0o600);
    catalog.close();
  });

  it('is called damaged when it is no database', () => {
    writeFileSync(path, 'this is a letter to grandmother, and no database at all. '.repeat(100));
    expect(codeOf(() => Catalog.open(path))).to.equal('CATALOG_DAMAGED');
  });

  it('is called damaged when pages of it are overwritten', () => {
    const catalog = Catalog.open(path);
    catalog.close();
    const bytes = Buffer.alloc(statSync(path).size - 4096, 0x55);
    const file = Buffer.concat([Buffer.from('SQLite format 3\0'), bytes]);
    writeFileSync(path, file);
    expect(
      codeOf(() => {
        const opened = Catalog.open(path);
        try {
          opened.verify();
        } finally {
          opened.close();
        }
      }),
    ).to.equal('CATALOG_DAMAGED');
  });

  it('says that a folder can not be written to', () => {
    expect(codeOf(() => Catalog.open(join(folder, 'missing', 'catalog.db')))).to.equal('DATA_FOLDER_UNUSABLE');
  });

  it('is brought up to date once and stays as it is afterwards', () => {
    using first = Database.open(path, { busyTimeoutMs: 0 });
    migrate(first);
    first.exec("UPDATE counter SET value = 7 WHERE name = 'lineup'");
    migrate(first);
    expect({ ...first.sql('PRAGMA user_version').get() }).to.deep.equal({ user_version: latestVersion });
    expect({ ...first.sql("SELECT value FROM counter WHERE name = 'lineup'").get() }).to.deep.equal({ value: 7 });
  });

  it('is refused when a newer Coax has written it', () => {
    using database = Database.open(path, { busyTimeoutMs: 0 });
    database.exec(`PRAGMA user_version = ${latestVersion + 1}`);
    expect(codeOf(() => migrate(database))).to.equal('CATALOG_TOO_NEW');
  });

  it('keeps nothing of a transaction that fails', () => {
    using database = Database.open(path, { busyTimeoutMs: 0 });
    database.exec('CREATE TABLE t (a INTEGER) STRICT');
    expect(
      codeOf(() =>
        database.write(() => {
          database.sql('INSERT INTO t VALUES (?)').run(1);
          throw new CoaxError('INTERNAL');
        }),
      ),
    ).to.equal('INTERNAL');
    expect(database.sql('SELECT * FROM t').all()).to.deep.equal([]);
  });
});
