import { chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHomeFolders, type HomeFolders } from './home-folder.ts';

const mib = 1024 * 1024;
let stateDir: string;
let homes: HomeFolders;

beforeEach(() => {
  stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-homes-')));
  homes = createHomeFolders({ stateDir, budgetBytes: 3 * mib, sweepMs: 0 });
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const inside = (fd: number): string => `/proc/self/fd/${fd.toString()}`;
const kept = (): number => readdirSync(join(stateDir, 'homes')).filter((name) => !name.includes('.')).length;
/** A command that leaves so many MiB there. */
async function use(workspace: string, size: number): Promise<void> {
  const home = await homes.open(workspace);
  writeFileSync(join(inside(home.fd), 'cache'), Buffer.alloc(size * mib, 1));
  await home.close();
  await homes.settled();
  // What was used when is told by the clock of the file system.
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const has = async (workspace: string): Promise<boolean> => {
  const home = await homes.open(workspace);
  const found = existsSync(join(inside(home.fd), 'cache'));
  await home.close();
  await homes.settled();
  return found;
};

describe('the HOME of a workspace’s commands', () => {
  it('is kept, private, and each workspace’s own', async () => {
    await use('/one', 1);
    expect([await has('/one'), await has('/two')]).toEqual([true, false]);
    for (const name of readdirSync(join(stateDir, 'homes')).filter((one) => !one.includes('.')))
      expect(statSync(join(stateDir, 'homes', name)).mode & 0o777).toBe(0o700);
  });

  it('goes, the longest unused first, when all of them take too much', async () => {
    for (const workspace of ['/one', '/two', '/three', '/four']) await use(workspace, 1);
    expect(kept()).toBeLessThan(4);
    expect(await has('/four')).toBe(true);
    expect(await has('/one')).toBe(false);
    expect(readdirSync(join(stateDir, 'homes')).some((name) => name.startsWith('.trash'))).toBe(false);
  });

  it('stays while a command uses it, however old and large it is', async () => {
    const used = await homes.open('/one');
    writeFileSync(join(inside(used.fd), 'cache'), Buffer.alloc(4 * mib, 1));
    await use('/two', 1);
    // The other one had to go for it.
    expect([existsSync(join(inside(used.fd), 'cache')), await has('/two')]).toEqual([true, false]);
    await used.close();
    await homes.settled();
    expect(await has('/one')).toBe(false);
  });

  it('is removed without following a link out of it', async () => {
    const outside = join(stateDir, 'outside');
    writeFileSync(outside, 'canary');
    const home = await homes.open('/one');
    symlinkSync(outside, join(inside(home.fd), 'link'));
    symlinkSync(stateDir, join(inside(home.fd), 'up'));
    await home.close();
    await use('/one', 4);
    expect(existsSync(outside)).toBe(true);
    expect(kept()).toBe(0);
  });

  it('is not one that somebody else owns, or a link in its place', async () => {
    await use('/one', 1);
    const [name = ''] = readdirSync(join(stateDir, 'homes')).filter((one) => !one.includes('.'));
    const path = join(stateDir, 'homes', name);
    chmodSync(path, 0o755);
    await (await homes.open('/one')).close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    rmSync(path, { recursive: true });
    symlinkSync(tmpdir(), path);
    await expect(homes.open('/one')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
