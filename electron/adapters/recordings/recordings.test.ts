import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newCallId } from '../../testing/store-records.ts';
import { createRecordings } from './recordings.ts';

describe('recordings on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'recordings-test-')), 'recordings');
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  it('F74: keeps what it was given, for the operator alone', async () => {
    const recordings = createRecordings({ folder, budgetBytes: 1e6 });
    const call = newCallId();
    expect(await recordings.get(call)).toBeNull();
    await recordings.put(call, 'one');
    await recordings.put(call, 'two');
    expect(await recordings.get(call)).toBe('two');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
  });

  it('lets the oldest go when all take more than the budget', async () => {
    const calls = Array.from({ length: 60 }, () => newCallId());
    const recordings = createRecordings({ folder, budgetBytes: 1000 });
    for (const [index, call] of calls.entries()) {
      await recordings.put(call, 'x'.repeat(100));
      utimesSync(join(folder, `${call}.cast`), index, index);
    }
    expect(await recordings.get(calls[0]!)).toBeNull();
    expect(await recordings.get(calls.at(-1)!)).not.toBeNull();
  });

  it('refuses what is no id, and where it cannot write', async () => {
    const recordings = createRecordings({ folder: '/dev/null/recordings', budgetBytes: 1000 });
    await expect(recordings.put(newCallId(), 'x')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(recordings.put('../escape' as ReturnType<typeof newCallId>, 'x')).rejects.toThrow();
  });
});
