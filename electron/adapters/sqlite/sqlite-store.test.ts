import { describeStore } from '../../testing/store-contract.ts';
import { newDataDir } from '../../testing/store-fixture.ts';
import { createSqliteStore } from './sqlite-store.ts';

describeStore('the SQLite store', async (clock) => createSqliteStore({ dataDir: newDataDir(), clock, onDegraded: () => undefined }));
