import { resolve } from 'node:path';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract/contract.ts';
import type { ReplayedCall } from '../../../shared/domain/policy-replay.ts';
import { fields, lines, shown, table, type Shown } from '../output.ts';
import { readText } from '../read-text.ts';
import { useOffline } from '../use-offline.ts';
import type { Verb, VerbContext } from '../verb.ts';

type Page = OutputOf<'policy.replay'>;
type Garden = OutputOf<'policy.garden'>;

/** Calls of one page; short enough that progress moves. */
const PAGE = 5000;
const ALL = 1_000_000;

/** What history says of a policy. Nothing is put in force. */
export const policyHistoryVerbs: readonly Verb[] = [
  {
    name: 'policy replay',
    about: 'which recorded calls another policy would have decided differently',
    words: ['FILE'],
    options: {
      calls: { type: 'string', value: 'N', about: 'only the newest N calls; default: all' },
      most: { type: 'string', value: 'N', about: 'list at most N changed calls; default 200' },
    },
    async run(context) {
      const { options, out, world, words } = context;
      const text = readText(resolve(world.cwd, words[0] ?? ''));
      const limit = options.number('calls', { min: 1, max: ALL }) ?? ALL;
      const most = options.number('most', { min: 0, max: 100_000 }) ?? 200;
      const replay = async (ask: (input: ParsedInputOf<'policy.replay'>) => Promise<Page>): Promise<Page> =>
        wholeReplay(ask, { text, limit, most }, (done, all) => {
          if (!out.json) out.note(`${done} of ${all ?? '?'} calls …`);
        });
      const result = await useOffline(
        context,
        async (host) => replay(async (input) => host.invoke('policy.replay', input)),
        async (offline) => replay(async (input) => offline.replayPolicy(input)),
      );
      out.document(result, () => shownReplay(result));
      return result.problems.length === 0 ? 0 : 1;
    },
  },
  {
    name: 'policy garden',
    about: 'rules that history shows to do nothing, and rules that would have spared questions',
    words: ['[FILE]'],
    options: {
      days: { type: 'string', value: 'N', about: 'a rule that no call matched for N days is stale; default 90' },
      calls: { type: 'string', value: 'N', about: 'only the newest N calls; default 20000' },
      least: { type: 'string', value: 'N', about: 'approvals of one shape before a rule is suggested; default 5' },
    },
    async run(context) {
      const { out } = context;
      const question = gardenQuestion(context);
      const result = await useOffline(
        context,
        async (host) => host.invoke('policy.garden', question),
        async (offline) => offline.gardenPolicy(question),
      );
      out.document(result, () => shownGarden(result));
      return result.problems.length === 0 ? 0 : 1;
    },
  },
];

interface WholeReplay {
  readonly text: string;
  readonly limit: number;
  readonly most: number;
}

/** All pages as one. */
async function wholeReplay(
  ask: (input: ParsedInputOf<'policy.replay'>) => Promise<Page>,
  { text, limit, most }: WholeReplay,
  onProgress: (done: number, all: number | null) => void,
): Promise<Page> {
  let whole: Page | null = null;
  do {
    const done: number = whole?.calls ?? 0;
    const left = { limit: Math.min(PAGE, limit - done), most: Math.min(1000, most - (whole?.changed.length ?? 0)) };
    const page: Page = await ask({ text, from: whole?.next ?? null, ...left });
    whole = whole === null ? page : joined(whole, page);
    if (whole.next !== null) onProgress(whole.calls, whole.recorded);
  } while (whole.next !== null && whole.calls < limit);
  return whole;
}

const joined = (one: Page, other: Page): Page => ({
  ...other,
  recorded: one.recorded,
  calls: one.calls + other.calls,
  worked_out: one.worked_out + other.worked_out,
  skipped: one.skipped + other.skipped,
  stricter: one.stricter + other.stricter,
  looser: one.looser + other.looser,
  sandbox: one.sandbox + other.sandbox,
  changed: [...one.changed, ...other.changed],
  until: other.until ?? one.until,
});

function gardenQuestion({ options, words, world }: VerbContext): ParsedInputOf<'policy.garden'> {
  const [file] = words;
  return {
    text: file === null || file === undefined ? null : readText(resolve(world.cwd, file)),
    stale_days: options.number('days', { min: 1, max: 3650 }) ?? 90,
    calls: options.number('calls', { min: 1, max: ALL }) ?? 20_000,
    least: options.number('least', { min: 2, max: 1000 }) ?? 5,
  };
}

const problemLines = (problems: Page['problems']): Shown =>
  lines(problems.map(({ line, column, path, message }) => shown(`line ${line ?? '?'}, column ${column ?? '?'}: ${path}: ${message}`)));

function shownReplay(result: Page): Shown {
  if (result.problems.length > 0) return problemLines(result.problems);
  const { stricter, looser, sandbox, changed } = result;
  const all = stricter + looser + sandbox;
  return lines([
    fields([
      ['calls', String(result.calls)],
      ['differently', `${all}: ${looser} looser, ${stricter} stricter, ${sandbox} in another sandbox`],
      ['worked out', `${result.worked_out} calls of before it was kept what policy saw`],
    ]),
    ...(changed.length === 0 ? [] : [table(['CALL', 'WHEN', 'AGENT', 'TOOL', 'THEN', 'WOULD BE', 'WHAT'], changed.map(row))]),
    ...(changed.length < all ? [shown(`… and ${all - changed.length} more: --most ${all} lists them.`)] : []),
  ]);
}

const row = ({ call_id, at, agent, tool, before, after, summary }: ReplayedCall): string[] => [
  call_id,
  at,
  agent,
  tool,
  `${before.effect} (${before.rule})`,
  `${after.effect} (${after.rule})`,
  summary,
];

function shownGarden(result: Garden): Shown {
  if (result.problems.length > 0) return problemLines(result.problems);
  const findings = result.rules.filter(({ finding }) => finding !== null);
  const scope = `${result.calls} calls${result.since === null ? '' : ` since ${result.since}`}${result.is_whole ? '' : ', not all there are'}`;
  return lines([
    shown(`Looked at ${scope}.`),
    ...(findings.length === 0
      ? [shown('Every rule does something.')]
      : findings.map(({ id, finding, advice }) => shown(`${finding ?? ''} ${id}: ${advice}`))),
    ...result.suggestions.flatMap(({ sentence, covered, covers, diff }) => [
      shown(''),
      shown(`${sentence} It would cover ${covered} recorded calls:`),
      ...covers.slice(0, 20).map(({ call_id, summary }) => shown(`  ${call_id}  ${summary}`)),
      ...diff
        .trimEnd()
        .split('\n')
        .map((line) => shown(line)),
    ]),
  ]);
}
