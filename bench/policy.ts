// Usage: see bench/README.md.
import { parseArgs } from 'node:util';
import { createShellParser } from '../electron/core/policy/create-shell-parser.ts';
import { measureReplay } from './policy/replay-time.ts';
import { measureVerdicts } from './policy/verdict-time.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    calls: { type: 'string', default: '100000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const shell = createShellParser();
await shell.start();
const verdicts = values.only === 'replay' ? null : await measureVerdicts(shell, [5, 50, 500], Number(values.rounds));
const replays = values.only === 'verdict' ? null : await measureReplay(shell, Number(values.calls));
if (values.json) print(JSON.stringify({ node: process.version, verdicts, replays }));
else {
  if (verdicts !== null)
    print('a verdict, in microseconds (quiet: the p99 of the quietest tenth)\n  rules       p50       p99     quiet     worst');
  for (const { rules, p50, p99, quiet, worst } of verdicts ?? [])
    print([rules.toString().padStart(7), ...[p50, p99, quiet, worst].map((value) => value.toFixed(1).padStart(9))].join(' '));
  if (replays !== null) print('recorded calls, in milliseconds\n  rules     calls    replay   changed     stall    garden');
  for (const { rules, calls, replay, changed, stall, garden } of replays ?? [])
    print(
      [rules.toString().padStart(7), ...[calls, replay, changed, stall, garden].map((value) => value.toFixed(0).padStart(9))].join(' '),
    );
}
