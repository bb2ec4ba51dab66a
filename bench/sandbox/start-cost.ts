import { setTimeout as sleep } from 'node:timers/promises';
import { newTaskId } from '../../electron/testing/store-records.ts';
import { bubblewrapAlone } from './bubblewrap-alone.ts';
import type { BenchWorld } from './bench-world.ts';
import { figuresOf, milliseconds, type Figures } from './figures.ts';
import { openLibrary } from './library.ts';

export interface StartCost {
  readonly rounds: number;
  readonly rssMb: number;
  readonly rows: Readonly<Record<string, Figures>>;
  /** Why the library has no row. */
  readonly missing: string | null;
}

/** As between the calls of an agent, though shorter than any model thinks: what one contender prepares or cleans up is not counted to the next. */
const betweenMs = 200;

const signal = new AbortController().signal;

/** Every contender once per round, so that all share the machine's good and bad moments. */
export async function measureStarts(world: BenchWorld, rounds: number): Promise<StartCost> {
  const alone = await bubblewrapAlone(world);
  const library = await openLibrary(world.workspace);
  const run = async (mount: Parameters<BenchWorld['command']>[1]): Promise<void> => {
    const result = await world.sandbox.run(world.command('true', mount), signal);
    if (result.exit.kind !== 'exited' || result.exit.code !== 0) throw new Error(`the sandbox failed: ${result.output}`);
  };
  const shared = await world.layers.open(newTaskId(), [world.workspace], []);
  const contenders: Record<string, () => Promise<void>> = {
    'bubblewrap alone': async () => await alone.run(),
    'no layer': async () => await run({ kind: 'read-only' }),
    'layer opened': async () => {
      const view = await world.layers.open(newTaskId(), [world.workspace], []);
      await run({ kind: 'layer', view });
      await view.close();
    },
    'layer shared': async () => await run({ kind: 'layer', view: shared }),
    ...(typeof library === 'string' ? {} : { 'sandbox-runtime': async () => await library.run() }),
  };
  const samples = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  const names = Object.keys(contenders);
  for (let round = -3; round < rounds; round += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(place + round + names.length) % names.length] ?? '';
      await sleep(betweenMs);
      const began = performance.now();
      await contenders[name]?.();
      if (round >= 0) samples.get(name)?.push(performance.now() - began);
    }
  }
  await shared.close();
  alone.close();
  if (typeof library !== 'string') await library.close();
  return {
    rounds,
    rssMb: Math.round(process.memoryUsage().rss / 1024 / 1024),
    rows: Object.fromEntries([...samples].map(([name, list]) => [name, figuresOf(list)])),
    missing: typeof library === 'string' ? library : null,
  };
}

export function printStarts({ rounds, rssMb, rows, missing }: StartCost, print: (line: string) => void): void {
  const alone = rows['bubblewrap alone'];
  const library = rows['sandbox-runtime'];
  if (alone === undefined) return;
  print(`\`true\` in /bin/bash, ${rounds} rounds, from a process of ${rssMb} MiB; milliseconds`);
  print(`${''.padEnd(18)}     p50     p95   quiet   +p50 +quiet   of the library: total  added`);
  for (const [name, row] of Object.entries(rows)) {
    const ratio =
      library === undefined
        ? ''
        : `${(row.p50 / library.p50).toFixed(2).padStart(21)} ${((row.p50 - alone.p50) / (library.p50 - alone.p50)).toFixed(2).padStart(6)}`;
    const figures = [row.p50, row.p95, row.quiet, row.p50 - alone.p50, row.quiet - alone.quiet].map(milliseconds).join('');
    print(`${name.padEnd(18)}${figures}${ratio}`);
  }
  if (missing !== null) print(`sandbox-runtime: not measured (${missing})`);
}
