import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../electron/adapters/sqlite/sqlite-store.ts';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { createChangeBus } from '../../electron/core/change-bus.ts';
import { createChangeSets } from '../../electron/core/changes/change-sets.ts';
import { createClassifier } from '../../electron/core/changes/classify.ts';
import type { ChangeFiles } from '../../electron/core/ports/change-files.ts';
import { newCallId, newTaskId } from '../../electron/testing/store-records.ts';
import type { BenchWorld } from './bench-world.ts';
import { mebibytes } from './figures.ts';

export interface ChangeCost {
  readonly what: string;
  readonly entries: number;
  /** Milliseconds: of the command itself, of each part of collecting, and of undoing it all. */
  readonly ms: Readonly<Record<'command' | 'scan' | 'keep' | 'judge' | 'apply' | 'collect' | 'undo', number>>;
  readonly layerBytes: number;
  readonly preimageBytes: number;
  /** How much the process grew while it collected. */
  readonly rssBytes: number;
}

const perFolder = 100;

/** Folders of a hundred small files, each of its own content. */
function grow(folder: string, files: number): void {
  for (let index = 0; index < files; index += 1) {
    const inside = join(folder, `d${Math.floor(index / perFolder)}`);
    if (index % perFolder === 0) mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `f${index % perFolder}.txt`), `${folder} ${index}\n`.repeat(5));
  }
}

const sizeOf = (path: string): number => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.size;
};

/** A workspace of so many files, of which commands change some. */
export async function measureChanges(world: BenchWorld, files: number): Promise<readonly ChangeCost[]> {
  const { workspace } = world;
  grow(join(workspace, 'tree'), files);
  for (const count of [2000, 20_000]) grow(join(workspace, `gone-${count}`), count);
  const clock = createSystemClock();
  const store = createSqliteStore({ dataDir: join(world.root, 'bench-store'), clock, onDegraded: () => undefined });
  await store.start();
  const costs: ChangeCost[] = [];
  try {
    for (const count of [1, 10, 100]) {
      const script = `for ((i = 0; i < ${count}; i++)); do echo changed >> tree/d$((i % ${files / perFolder}))/f7.txt; done`;
      costs.push(await measureOne(world, store, `${count} changed`, script));
    }
    for (const count of [2000, 20_000]) costs.push(await measureOne(world, store, `rm -rf of ${count}`, `rm -rf gone-${count}`));
    for (const count of [2000, 20_000]) {
      const script = `mkdir new && cd new && for ((d = 0; d < ${count / perFolder}; d++)); do mkdir d$d; for ((f = 0; f < ${perFolder}; f++)); do echo "${count} $d $f" > d$d/f$f.txt; done; done`;
      costs.push(await measureOne(world, store, `${count} created`, script));
    }
  } finally {
    await store.stop();
    rmSync(workspace, { recursive: true });
    mkdirSync(workspace);
  }
  return costs;
}

async function measureOne(
  world: BenchWorld,
  store: ReturnType<typeof createSqliteStore>,
  what: string,
  script: string,
): Promise<ChangeCost> {
  const { changeFiles, workspace, layers } = world;
  const marks: { kept?: number; applying?: number } = {};
  const files: ChangeFiles = {
    ...changeFiles,
    async settle() {
      await changeFiles.settle();
      marks.kept ??= performance.now();
    },
    async apply(step) {
      marks.applying ??= performance.now();
      return await changeFiles.apply(step);
    },
  };
  const changes = createChangeSets({
    store,
    files,
    clock: createSystemClock(),
    bus: createChangeBus(),
    classify: createClassifier({ policy: { evaluateChange: () => ({ effect: 'apply', rule: 'bench', reason: '' }) } }),
    onApplied: async (task, paths) => await layers.applied(task, paths),
    budgetMb: () => 1024,
  });
  const task = newTaskId();
  const view = await layers.open(task, [workspace], []);
  const preimages = join(world.dataDir, 'preimages');
  const before = sizeOf(preimages);
  const began = performance.now();
  const ran = await world.sandbox.run(world.command(script, { kind: 'layer', view }), new AbortController().signal);
  if (ran.exit.kind !== 'exited' || ran.exit.code !== 0) throw new Error(`${what}: ${ran.output}`);
  const layerBytes = await view.bytes();
  const rss = process.memoryUsage().rss;
  const ended = performance.now();
  let scanned = ended;
  const scan: typeof view.scan = async () => {
    const result = await view.scan();
    scanned = performance.now();
    return result;
  };
  const call = { id: newCallId(), task_id: task, agent: 'bench', tool: 'bash', summary: script };
  const set = await changes.collect({ call, view: { task, roots: view.roots, scan }, writers: () => [], approved: new Map() });
  const collected = performance.now();
  const rssBytes = Math.max(0, process.memoryUsage().rss - rss);
  await view.close();
  if (set === null) throw new Error(`${what}: nothing was collected`);
  const preimageBytes = sizeOf(preimages) - before;
  const undoing = performance.now();
  const { refused } = await changes.undo(set.id, 'bench');
  const undone = performance.now();
  if (refused.length > 0) throw new Error(`${what}: ${refused.length} could not be undone`);
  const { kept = scanned, applying = kept } = marks;
  return {
    what,
    entries: set.entries.length,
    ms: {
      command: ended - began,
      scan: scanned - ended,
      keep: kept - scanned,
      judge: applying - kept,
      apply: collected - applying,
      collect: collected - ended,
      undo: undone - undoing,
    },
    layerBytes,
    preimageBytes,
    rssBytes,
  };
}

export function printChanges(costs: readonly ChangeCost[], files: number, print: (line: string) => void): void {
  print(`change sets in a workspace of ${files} files; milliseconds, MiB`);
  const columns = ['command', 'scan', 'keep', 'judge', 'apply', 'collect', 'undo'] as const;
  print(`${''.padEnd(18)}${columns.map((name) => name.padStart(9)).join('')}   layer  images    +rss`);
  for (const { what, ms, layerBytes, preimageBytes, rssBytes } of costs) {
    const times = columns.map((name) => Math.round(ms[name]).toString().padStart(9)).join('');
    print(`${what.padEnd(18)}${times}${[layerBytes, preimageBytes, rssBytes].map(mebibytes).join('')}`);
  }
}
