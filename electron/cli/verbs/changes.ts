import { structuredPatch } from 'diff';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import { ChangeSetId, type ChangeEntry, type ChangeSet } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import type { Host } from '../host.ts';
import { fields, lines, shown, table, type Shown } from '../output.ts';
import type { Options } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb, VerbContext } from '../verb.ts';
import { digestOf } from './digest-option.ts';

type Diff = OutputOf<'changes.diff'>;

const digestOption = { digest: { type: 'string', value: 'D', about: 'the change set’s digest, as list and show print it' } } as const;
const states = ['open', 'all'] as const;
/** Entries whose differences `show` fetches; the rest is only listed. */
const diffLimit = 100;
/** Milliseconds for one difference. */
const patchLimitMs = 3000;

/** What calls changed, and what becomes of it. */
export const changeVerbs: readonly Verb[] = [
  {
    name: 'changes list',
    about: 'change sets in which something waits',
    words: [],
    options: { state: { type: 'string', value: states.join('|'), about: 'open unless said otherwise' } },
    async run({ options, out, host }) {
      const state = states.find((known) => known === (options.text('state') ?? 'open'));
      if (state === undefined) throw new UsageError(`--state is one of ${states.join(', ')}.`);
      const answer = await host.invoke('changes.list', { state });
      out.document(answer, () =>
        table(
          ['ID', 'STATE', 'AGENT', 'TOOL', 'FILES', 'WAITING', 'CALL', 'DIGEST'],
          answer.changes.map((set) => {
            const waiting = set.entries.filter(isWaiting).length;
            return [set.id, set.state, set.agent, set.tool, String(set.entries.length), String(waiting), set.summary, set.digest];
          }),
        ),
      );
      return 0;
    },
  },
  {
    name: 'changes show',
    about: 'one change set: its files, and how their texts differ',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      const set = await host.invoke('changes.get', { id: changeSetId(words[0]) });
      const diffs = await diffsOf(host, set);
      out.document({ ...set, diffs }, () => lines([describe(set), ...diffs.map(patchOf)]));
      return 0;
    },
  },
  {
    name: 'changes apply',
    about: 'let what waits into the real files, all of it or the named paths',
    words: ['ID', '[PATH…]'],
    options: digestOption,
    run: async (context) => await decide(context, 'changes.accept'),
  },
  {
    name: 'changes drop',
    about: 'refuse what waits, all of it or the named paths',
    words: ['ID', '[PATH…]'],
    options: digestOption,
    run: async (context) => await decide(context, 'changes.drop'),
  },
  {
    name: 'changes undo',
    about: 'put back what a call changed',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      const answer = await host.invoke('changes.undo', { id: changeSetId(words[0]) });
      out.document(answer, () =>
        lines([
          shown(`${answer.change_set.id}: ${answer.change_set.state}.`),
          ...answer.refused.map(({ path, reason }) => shown(`not put back: ${path}: ${reason}`)),
        ]),
      );
      return answer.refused.length === 0 ? 0 : 1;
    },
  },
];

async function decide({ words, options, out, host }: VerbContext, name: 'changes.accept' | 'changes.drop'): Promise<number> {
  const [id, ...rest] = words;
  const paths = rest.filter((path) => path !== null);
  const input = { id: changeSetId(id), digest: digest(options), ...(paths.length === 0 ? {} : { paths }) };
  const set = await host.invoke(name, input);
  out.document(set, () => describe(set));
  return 0;
}

function changeSetId(word: string | null | undefined): ChangeSetId {
  const id = ChangeSetId.safeParse(word);
  if (!id.success) throw new UsageError('A change set’s id looks like chg_0123456789abcdefghij. See: gatehouse changes list');
  return id.data;
}

const digest = (options: Options): Digest => digestOf(options, 'changes list');

const isWaiting = ({ state }: ChangeEntry): boolean => state === 'held' || state === 'conflict';

async function diffsOf(host: Host, set: ChangeSet): Promise<Diff[]> {
  const diffs: Diff[] = [];
  for (const { path, is_text } of set.entries.slice(0, diffLimit)) {
    if (is_text) diffs.push(await host.invoke('changes.diff', { id: set.id, path }));
  }
  return diffs;
}

function describe(set: ChangeSet): Shown {
  const header = fields([
    ['id', set.id],
    ['digest', set.digest],
    ['state', set.state],
    ['call', set.call_id],
    ['agent', set.agent],
    ['tool', set.tool],
    ['what', set.summary],
    ['created', set.created_at],
    ['decided', set.decided_at ?? 'not yet'],
    ['undo', set.undoable ? 'possible' : 'not possible: the earlier contents were let go'],
  ]);
  const rows = set.entries.map((entry) => [entry.state, entry.kind, linesText(entry), pathText(entry), `${entry.rule}: ${entry.reason}`]);
  return lines([header, table(['STATE', 'KIND', 'LINES', 'PATH', 'WHY'], rows)]);
}

const linesText = ({ lines: count }: ChangeEntry): string => (count === null ? '' : `+${count.added} -${count.removed}`);
const pathText = ({ path, from }: ChangeEntry): string => (from === null ? path : `${from} → ${path}`);

/** A unified difference. SECURITY: each line is encoded by itself, so that no content can pass for a line of another kind. */
function patchOf({ path, before, after, truncated }: Diff): Shown {
  const header = [shown(`--- ${before === null ? '/dev/null' : path}`), shown(`+++ ${after === null ? '/dev/null' : path}`)];
  const patch = structuredPatch(path, path, before ?? '', after ?? '', undefined, undefined, { timeout: patchLimitMs });
  const hunks = (patch?.hunks ?? []).flatMap((hunk) => [
    shown(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.map(shown),
  ]);
  const isWhole = patch !== undefined && !truncated;
  return lines([...header, ...hunks, ...(isWhole ? [] : [shown('(not shown in full)')])]);
}
