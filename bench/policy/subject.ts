import { homedir } from 'node:os';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { createPolicy } from '../../electron/core/policy/create-policy.ts';
import type { Policy } from '../../electron/core/policy/policy.ts';
import type { ShellParser } from '../../electron/core/policy/shell-parser.ts';
import { benchTool } from './calls.ts';

/** A policy over a text in memory. */
export async function benchPolicy(text: string, shell: ShellParser): Promise<Policy> {
  const policy = createPolicy({
    file: {
      path: 'policy.yaml',
      read: () => Promise.resolve(text),
      version: () => Promise.resolve(''),
      write: () => Promise.resolve(),
      watch: () => () => undefined,
    },
    clock: createSystemClock(),
    tools: benchTool,
    shell,
    home: homedir(),
    onEvent: () => undefined,
  });
  await policy.start();
  const [problem] = policy.status().problems;
  if (problem !== undefined) throw new Error(`line ${problem.line ?? '?'}: ${problem.message}`);
  return policy;
}
