import type { Digest } from '../../shared/domain/identity.ts';
import type { ChangeEntry, ChangeSet } from '../../shared/domain/change.ts';
import type { Topic } from '../../shared/contract/contract.ts';
import type { FakeWorld, Handlers } from './fake-world.ts';
import type { FakeChange } from './fake-changes.ts';
import { ago } from './fake-ids.ts';

type Names = 'changes.list' | 'changes.get' | 'changes.diff' | 'changes.accept' | 'changes.drop' | 'changes.undo';

interface Decision {
  readonly id: string;
  readonly digest: Digest;
  readonly paths?: readonly string[] | undefined;
}

const waits = (entry: ChangeEntry): boolean => entry.state === 'held' || entry.state === 'conflict';

function stateOf(entries: readonly ChangeEntry[]): ChangeSet['state'] {
  const has = (state: ChangeEntry['state']): boolean => entries.some((entry) => entry.state === state);
  if (entries.some(waits)) return has('applied') ? 'partly_held' : 'held';
  if (has('applied')) return 'applied';
  return has('undone') ? 'undone' : 'dropped';
}

/** The change sets of the fake gateway: they change as the real ones do, only that no file is behind them. */
export function createChangeHandlers(world: FakeWorld, push: (topic: Topic) => void): Pick<Handlers, Names> {
  const find = (id: string): FakeChange => {
    const found = world.changes.find(({ set }) => set.id === id);
    if (found === undefined) throw new Error('There is no such change set.');
    return found;
  };
  const put = (old: FakeChange, change: (entry: ChangeEntry) => ChangeEntry): ChangeSet => {
    const entries = old.set.entries.map(change);
    const set: ChangeSet = { ...old.set, entries, state: stateOf(entries), decided_at: ago(0) };
    world.changes = world.changes.map((one) => (one === old ? { ...one, set } : one));
    push('changes');
    return set;
  };
  const decide = ({ id, digest, paths }: Decision, state: 'applied' | 'dropped'): ChangeSet => {
    const old = find(id);
    if (digest !== old.set.digest) throw new Error('The change set is not the one that was shown. Look at it again, and decide on that.');
    return put(old, (entry) => (waits(entry) && (paths ?? [entry.path]).includes(entry.path) ? { ...entry, state } : entry));
  };
  return {
    'changes.list': ({ state, limit }) => ({
      changes: world.changes
        .map(({ set }) => set)
        .filter((set) => state === 'all' || set.entries.some(waits))
        .slice(0, limit),
    }),
    'changes.get': ({ id }) => find(id).set,
    'changes.diff': ({ id, path }) => ({
      path,
      before: null,
      after: null,
      current: null,
      truncated: false,
      is_text: true,
      ...find(id).diffs[path],
    }),
    'changes.accept': (decision) => decide(decision, 'applied'),
    'changes.drop': (decision) => decide(decision, 'dropped'),
    'changes.undo': ({ id }) => {
      const refused = Object.entries(world.undoRefuses).map(([path, reason]) => ({ path, reason }));
      const isRefused = (entry: ChangeEntry): boolean => refused.some(({ path }) => path === entry.path);
      const change_set = put(find(id), (entry) => (entry.state === 'applied' && !isRefused(entry) ? { ...entry, state: 'undone' } : entry));
      return { change_set, refused };
    },
  };
}
