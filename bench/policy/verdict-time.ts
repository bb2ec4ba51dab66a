import type { PolicyInput } from '../../electron/core/policy/policy.ts';
import type { ShellParser } from '../../electron/core/policy/shell-parser.ts';
import { benchCalls } from './calls.ts';
import { policyWith } from './policies.ts';
import { benchPolicy } from './subject.ts';

/** Of one verdict, in microseconds. */
export interface VerdictTime {
  readonly rules: number;
  readonly p50: number;
  readonly p99: number;
  /** The lowest p99 of a tenth of the rounds in a row: what the machine does when it is left alone. */
  readonly quiet: number;
  readonly worst: number;
}

const CALLS = 600;

/** Verdicts with each number of rules, the policies taking turns, so that whatever else the machine does falls on all alike. */
export async function measureVerdicts(shell: ShellParser, counts: readonly number[], rounds: number): Promise<VerdictTime[]> {
  const inputs = benchCalls(shell, CALLS).map(({ input }) => input);
  const subjects = await Promise.all(counts.map(async (rules) => ({ rules, policy: await benchPolicy(policyWith(rules), shell) })));
  const samples = new Map<number, number[]>(counts.map((rules) => [rules, []]));
  for (const { policy } of subjects) for (const input of inputs) policy.evaluate(input);
  for (let round = 0; round < rounds; round += 1) {
    for (const { rules, policy } of subjects)
      for (const input of inputs) samples.get(rules)?.push(timed(() => policy.evaluate(input), input));
  }
  return counts.map((rules) => {
    const all = samples.get(rules) ?? [];
    const size = Math.max(CALLS, Math.ceil(all.length / 10));
    const tenths = Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));
    const quiet = Math.min(...tenths.map((part) => quantile(part, 0.99)));
    return { rules, p50: quantile(all, 0.5), p99: quantile(all, 0.99), quiet, worst: quantile(all, 1) };
  });
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function timed(work: (input: PolicyInput) => unknown, input: PolicyInput): number {
  const begun = process.hrtime.bigint();
  work(input);
  return Number(process.hrtime.bigint() - begun) / 1000;
}
