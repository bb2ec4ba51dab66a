import type { ChangeEntry, ChangeSet, ChangeSetId } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { randomId } from '../identity/random-id.ts';
import type { StoreChange } from '../ports/store.ts';
import { commitChanges, finish, isPending, withEntries, type JournalDeps } from './apply-journal.ts';
import { changeEvent } from './change-events.ts';
import type { ChangeSetDeps, Collection } from './change-set-parts.ts';
import { draftOf, pairRenames } from './drafts.ts';
import { compareWithEarlier, type Earlier } from './earlier-changes.ts';
import { everySet } from './every-set.ts';
import { inParallel } from './in-parallel.ts';
import { judgeDrafts, type Judged } from './judge-drafts.ts';
import { keepContents } from './keep-contents.ts';
import { digestInTurns } from './set-state.ts';
import { textFacts } from './text-of.ts';
import type { Writer } from './writers.ts';

type Deps = Omit<ChangeSetDeps, 'budgetMb'>;

/** scan → compare with earlier sets → keep contents → judge → journal → apply → record. Null when the call changed nothing new. */
export async function collectChanges(deps: Deps, collection: Collection): Promise<ChangeSet | null> {
  const { store, files } = deps;
  const { view, approved } = collection;
  const scan = await view.scan();
  const writers = collection.writers();
  const sets: ChangeSet[] = [];
  for await (const set of everySet(store, { task_id: view.task, withRemainder: true })) sets.push(set);
  const workspaces = view.roots.map(({ workspace }) => workspace);
  const earlier = compareWithEarlier(sets, { ...scan, workspaces }, approved);
  const drafts = await keepContents(files, earlier.news.map(draftOf), view.roots);
  const judged = await judgeDrafts(pairRenames(drafts), {
    classify: deps.classify,
    context: {
      agent: collection.call.agent,
      inspect: async (workspace, path) => await files.inspect(workspace, path),
    },
    approved,
    writers,
    undone: earlier.undone,
    waiting: earlier.waiting,
  });
  const settledSets = settleEarlier(sets, earlier);
  if (judged.length === 0) {
    if (settledSets.length > 0) await commitChanges(deps, { events: [], changes: settledSets });
    return null;
  }
  const entries = await toEntries(deps, judged);
  const time = new Date(deps.clock.now()).toISOString();
  const set = newSet(collection, writers, { entries, digest: await digestInTurns(entries), time });
  return await journal(deps, set, settledSets);
}

/** SECURITY: the set is on disk before its first file changes, so that whatever happens next is known to the next start. */
async function journal(deps: JournalDeps, set: ChangeSet, also: readonly StoreChange[]): Promise<ChangeSet> {
  await commitChanges(deps, {
    events: [changeEvent('change_set.collected', set, { entries: set.entries, by: 'gateway', data: { writers: set.writers } })],
    changes: [...also, { kind: 'change_set.insert', changeSet: set }],
  });
  return set.state === 'applying' ? await finish(deps, set) : set;
}

function newSet(
  { call, view }: Collection,
  writers: readonly Writer[],
  { entries, digest, time }: { readonly entries: ChangeEntry[]; readonly digest: Digest; readonly time: string },
): ChangeSet {
  const set: ChangeSet = {
    id: randomId('chg', 20) as ChangeSetId,
    digest,
    call_id: call.id,
    task_id: view.task,
    agent: call.agent,
    tool: call.tool,
    summary: call.summary,
    workspace: entries[0]?.workspace ?? '',
    state: 'applying',
    entries,
    writers: writers.map(({ call_id, job_id, tool }) => ({ call_id, job_id, tool })),
    undoable: true,
    created_at: time,
    decided_at: null,
  };
  return entries.some(isPending) ? set : withEntries(set, entries);
}

async function toEntries({ files }: Pick<Deps, 'files'>, judged: readonly Judged[]): Promise<ChangeEntry[]> {
  const texts = new Map<Judged, Pick<ChangeEntry, 'is_text' | 'lines'>>();
  await inParallel(judged, async (one) => {
    texts.set(one, await textFacts(files, one));
  });
  return judged.map((one): ChangeEntry => {
    const { workspace, path, from, kind, before, after, state, rule, reason, tools, made_by } = one;
    const author = { tools: [...tools], made_by };
    return {
      workspace,
      path,
      from,
      kind,
      before,
      after,
      state,
      rule,
      reason,
      ...author,
      ...(texts.get(one) ?? { is_text: false, lines: null }),
    };
  });
}

/** Earlier sets of which something no longer waits. */
function settleEarlier(sets: readonly ChangeSet[], { settled }: Earlier): StoreChange[] {
  return sets.flatMap((set): StoreChange[] => {
    if (!set.entries.some((entry) => settled.has(entry))) return [];
    const next = withEntries(
      set,
      set.entries.map((entry) => ({ ...entry, ...settled.get(entry) })),
    );
    return [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }];
  });
}
