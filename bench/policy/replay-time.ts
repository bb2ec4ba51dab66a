import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { CallRecord } from '../../shared/domain/call.ts';
import type { CallId } from '../../shared/domain/identity.ts';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { createSqliteStore } from '../../electron/adapters/sqlite/sqlite-store.ts';
import { appendRule } from '../../electron/core/policy/append-rule.ts';
import { judgedInput } from '../../electron/core/policy/judged-call.ts';
import { createPolicyHistory } from '../../electron/core/policy/policy-history.ts';
import type { Policy } from '../../electron/core/policy/policy.ts';
import type { ShellParser } from '../../electron/core/policy/shell-parser.ts';
import type { Store } from '../../electron/core/ports/store.ts';
import { benchCalls, benchTool } from './calls.ts';
import { policyWith } from './policies.ts';
import { benchPolicy } from './subject.ts';

/** Milliseconds. */
export interface ReplayTime {
  readonly calls: number;
  readonly rules: number;
  readonly replay: number;
  readonly changed: number;
  /** The longest that the event loop stood still meanwhile. */
  readonly stall: number;
  readonly garden: number;
}

const UNIT = 500;
const DEFAULT = new URL('../../resources/policy.default.yaml', import.meta.url);

/** A store with that many recorded calls, replayed from disk through the real store, with the shipped policy and with 500 rules. */
export async function measureReplay(shell: ShellParser, calls: number): Promise<ReplayTime[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const clock = createSystemClock();
  const store = createSqliteStore({ dataDir: join(dataDir, 'data'), clock, onDegraded: () => undefined });
  await store.start();
  try {
    const shipped = withoutExamples(readFileSync(DEFAULT, 'utf8'));
    const policy = await benchPolicy(shipped, shell);
    await record(store, policy, shell, calls);
    const times: ReplayTime[] = [];
    const stricter = appendRule(shipped, { id: 'bench', effect: 'ask', agents: ['robin'], tools: ['bash'], commands: ['npm *'] });
    for (const text of [stricter, policyWith(500)]) {
      const history = createPolicyHistory({ store, policy, clock, shell, home: homedir(), tools: benchTool });
      const watched = watchLoop();
      const begun = performance.now();
      let changed = 0;
      let from: number | null = null;
      do {
        const page = await history.replay.page({ text, from, limit: 5000, most: 200 });
        if (page.problems.length > 0) throw new Error(page.problems[0]?.message);
        changed += page.stricter + page.looser + page.sandbox;
        from = page.next;
      } while (from !== null);
      const replay = performance.now() - begun;
      const stall = watched();
      const gardening = performance.now();
      await history.gardener.garden({ text, staleDays: 90, calls, least: 5 });
      const rules = (policy.trial(text) as { rules: readonly unknown[] }).rules.length;
      times.push({ calls, rules, replay, changed, stall, garden: performance.now() - gardening });
    }
    return times;
  } finally {
    await store.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Examples name tools that are not here; they are looked at when a text is loaded, not when it judges. */
function withoutExamples(text: string): string {
  const document = parse(text) as { readonly rules: readonly Record<string, unknown>[] };
  const rules = document.rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([key]) => key !== 'examples')));
  return stringify({ ...document, rules });
}

async function record(store: Store, policy: Policy, shell: ShellParser, count: number): Promise<void> {
  let changes: { readonly kind: 'call.put'; readonly call: CallRecord }[] = [];
  for (const [index, { tool, args, input }] of benchCalls(shell, count).entries()) {
    const verdict = policy.evaluate(input);
    const isAsked = verdict.effect === 'ask';
    const at = new Date(input.now).toISOString();
    const call = CallRecord.parse({
      ...{
        id: `call_${index.toString(36).padStart(20, '0')}` as CallId,
        task_id: null,
        token_id: `tok_${'a'.repeat(16)}`,
        agent: input.agent,
      },
      ...{ tool, scope: input.scope, risk: input.risk, target: 'local', workspace: '/w', arguments: args, digest: null, verdict },
      preview: {
        ...{ summary: tool, command: typeof args['command'] === 'string' ? args['command'] : null, cwd: null, operands: [], programs: [] },
        ...{ runs_unlisted: [], unparsed: input.unparsed, diff: null },
        paths: input.paths.map((path) => ({ path, access: 'read', exists: true })),
      },
      judged: judgedInput(input),
      ...{ approval_id: isAsked ? `apr_${'b'.repeat(16)}` : null, state: 'finished', outcome: 'succeeded', reason: null },
      ...{ received_at: at, started_at: at, finished_at: at },
      output: { text: 'some output\n'.repeat(100), truncated: false, exit_code: 0, bytes: 1200 },
    });
    changes.push({ kind: 'call.put', call });
    if (changes.length === UNIT) {
      await store.commit({ events: [], changes });
      changes = [];
    }
  }
  await store.commit({ events: [], changes });
}

/** Answers with the longest delay of a timer since. */
function watchLoop(): () => number {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  return () => {
    clearInterval(timer);
    return longest;
  };
}
