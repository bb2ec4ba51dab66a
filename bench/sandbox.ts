// Usage: see bench/README.md.
import { parseArgs } from 'node:util';
import { openBenchWorld } from './sandbox/bench-world.ts';
import { measureChanges, printChanges } from './sandbox/change-cost.ts';
import { measureStarts, printStarts } from './sandbox/start-cost.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    files: { type: 'string', default: '20000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const files = Number(values.files);
const world = await openBenchWorld();
try {
  const starts = values.only === 'changes' ? null : await measureStarts(world, Number(values.rounds));
  const changes = values.only === 'start' ? null : await measureChanges(world, files);
  if (values.json) print(JSON.stringify({ node: process.version, starts, changes }));
  if (starts !== null && !values.json) printStarts(starts, print);
  if (changes !== null && !values.json) printChanges(changes, files, print);
} finally {
  await world.close();
}
