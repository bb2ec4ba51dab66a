// A gateway to be killed while it starts commands: in pipes and in terminals, with and without a layer. Prints where it lives; for each line that it
// reads, `COUNT GAP SCRIPT…`, it starts that many commands, one every GAP milliseconds.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskId } from '../../shared/domain/identity.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { openRealRunner } from './real-runner.ts';
import { openSandboxWorld } from './sandbox-world.ts';

const world = await openSandboxWorld();
const trial = await world.sandbox.probe();
const folder = join(world.data, 'layers');
mkdirSync(folder, { mode: 0o700 });
const layers = createLayers({
  runner: openRealRunner(),
  folder,
  checkWorkspace: (path) => Promise.resolve(path),
  findProgram: createFindProgram('/usr/local/bin:/usr/bin:/bin'),
});
await layers.probe();
const view = await layers.open('task_00000000000000ff' as TaskId, [world.workspace], []);
process.stdout.write(`${trial.effective} ${world.root}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const [count, gap, ...script] = line.split(' ');
  for (let index = 0; index < Number(count); index += 1) {
    const mount = index % 4 < 2 ? ({ kind: 'layer', view } as const) : ({ kind: 'scratch' } as const);
    // What becomes of it nobody is there to hear.
    world.bash(script.join(' '), { mount, tty: index % 2 === 1, timeoutMs: 60_000 }).catch(() => undefined);
    await sleep(Number(gap));
  }
}
