import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../core/canonical-json.ts';
import type { FileStep } from '../../core/ports/change-files.ts';
import { describeChangeFiles, type ChangeFilesWorld } from '../../testing/change-files-contract.ts';
import { treeSnapshot } from '../../testing/tree-snapshot.ts';
import { temporaryName } from './apply-step.ts';
import { createChangeFiles } from './change-files.ts';

interface RealWorld extends ChangeFilesWorld {
  readonly folder: string;
}

function createWorld(): RealWorld {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-change-files-')));
  const workspace = join(folder, 'workspace');
  const dataDir = join(workspace, 'data');
  mkdirSync(dataDir, { recursive: true });
  return {
    folder,
    // The data directory lies in the workspace, as it must never do, to show that it is out of reach even then.
    files: createChangeFiles({ dataDir, protectedPaths: [dataDir] }),
    workspace,
    put: (path, version) => {
      rmSync(path, { recursive: true, force: true });
      if (version === 'directory') mkdirSync(path);
      else if ('target' in version) symlinkSync(version.target, path);
      else {
        writeFileSync(path, version.content);
        chmodSync(path, version.mode ?? 0o644);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describeChangeFiles('the adapter', createWorld);

describe('changing real files', () => {
  let world: RealWorld;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(async () => {
    await world.files.settle();
    world.remove();
  });

  const at = (inside: string): string => join(world.workspace, inside);
  const sha256 = sha256Hex('agent');
  const keep = async (): Promise<void> => {
    writeFileSync(at('source'), 'agent');
    await world.files.keep({ root: null, workspace: world.workspace, path: at('source') }, sha256);
    await world.files.settle();
  };
  const writing = (inside: string): FileStep => ({
    workspace: world.workspace,
    path: at(inside),
    expected: null,
    wanted: { type: 'file', mode: 0o644, size: 5, sha256 },
    restores: false,
  });

  it('keeps contents where nobody else can read them', async () => {
    await keep();
    const blob = at(`data/preimages/${sha256.slice(0, 2)}/${sha256}`);
    expect([statSync(blob).mode & 0o777, statSync(join(blob, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('does not reach the gateway’s own folder, not by another name either', async () => {
    await keep();
    await expect(world.files.apply(writing('data/a'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(world.files.apply({ ...writing('data'), expected: null, wanted: null })).rejects.toMatchObject({ code: 'forbidden' });
    expect(readdirSync(at('data'))).toEqual(['preimages']);
    expect(await world.files.apply(writing('plain'))).toEqual({ ok: true });
  });

  it('refuses to write a content that was damaged', async () => {
    await keep();
    writeFileSync(at(`data/preimages/${sha256.slice(0, 2)}/${sha256}`), 'other');
    await expect(world.files.apply(writing('a'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(existsSync(at('a'))).toBe(false);
    expect(readdirSync(world.workspace).sort()).toEqual(['data', 'source']);
  });

  it('replaces a hard link instead of writing through it', async () => {
    await keep();
    const other = join(world.folder, 'other');
    writeFileSync(other, 'mine', { mode: 0o644 });
    linkSync(other, at('a'));
    const expected = { type: 'file', mode: 0o644, size: 4, sha256: sha256Hex('mine') } as const;
    expect(await world.files.apply({ ...writing('a'), expected })).toEqual({ ok: true });
    expect([readFileSync(other, 'utf8'), readFileSync(at('a'), 'utf8')]).toEqual(['mine', 'agent']);
  });

  it('gives new files modes that keep the owner out, one alone or many together', async () => {
    await keep();
    for (let index = 0; index < 50; index += 1) mkdirSync(at(`d${index}`));
    const steps = Array.from({ length: 50 }, (_, index) => writing(`d${index}/a`));
    const sealed = steps.map((step) => ({ ...step, wanted: { ...step.wanted, mode: 0o200 } as FileStep['wanted'] }));
    for (const some of [sealed.slice(0, 1), sealed.slice(1)]) {
      const results = await Promise.all(some.map(async (step) => await world.files.apply(step)));
      expect(results.every(({ ok }) => ok)).toBe(true);
    }
    expect(sealed.map(({ path }) => statSync(path).mode & 0o777)).toEqual(sealed.map(() => 0o200));
  });

  it('makes two thousand files in as many folders side by side with few descriptors', { timeout: 120_000 }, async () => {
    await keep();
    const count = 2000;
    for (let index = 0; index < count; index += 1) mkdirSync(at(`d${index}`));
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    let most = 0;
    let isDone = false;
    const look = (): void => {
      most = Math.max(most, open());
      if (!isDone) setImmediate(look);
    };
    look();
    const steps = Array.from({ length: count }, (_, index) => writing(`d${index}/a`));
    const results = await Promise.all(steps.map(async (step) => await world.files.apply(step)));
    isDone = true;
    await world.files.settle();
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(steps.every(({ path }) => readFileSync(path, 'utf8') === 'agent')).toBe(true);
    expect(most - before).toBeLessThan(500);
    expect(readdirSync(at('d7'))).toEqual(['a']);
  });

  it('removes what a crash left beside a path', async () => {
    await keep();
    writeFileSync(at(temporaryName('a')), 'half');
    await world.files.tidy(world.workspace, at('a'));
    expect(readdirSync(world.workspace).sort()).toEqual(['data', 'source']);
  });

  it('10,000 writes while another thread swaps the folder for a link: none outside', { timeout: 300_000 }, async () => {
    await keep();
    const outside = join(world.folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'canary'), 'alive');
    const before = treeSnapshot(outside);
    mkdirSync(at('swapped'));
    const swapper = new Worker(
      `const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
       const { workerData: { folder, outside } } = require('node:worker_threads');
       for (;;) {
         renameSync(folder, folder + '-aside');
         symlinkSync(outside, folder);
         unlinkSync(folder);
         renameSync(folder + '-aside', folder);
       }`,
      { eval: true, workerData: { folder: at('swapped'), outside } },
    );
    try {
      await new Promise((resolve) => swapper.once('online', resolve));
      let made = 0;
      let next = 0;
      const write = async (): Promise<void> => {
        while (next < 10_000) {
          const index = (next += 1);
          if ((await world.files.apply(writing(`swapped/${index}`))).ok) made += 1;
        }
      };
      await Promise.all(Array.from({ length: 8 }, write));
      await world.files.settle();
      expect(treeSnapshot(outside)).toEqual(before);
      expect(made).toBeGreaterThan(0);
      expect(made).toBeLessThan(10_000);

      // The control: the plain way does end up outside.
      for (let index = 0; index < 200_000 && readdirSync(outside).length === 1; index += 1) {
        await writeFile(at(`swapped/control-${index}`), 'x').catch(() => undefined);
      }
      expect(readdirSync(outside).length).toBeGreaterThan(1);
    } finally {
      await swapper.terminate();
    }
  });
});
