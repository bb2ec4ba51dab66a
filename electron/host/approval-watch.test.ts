import { expect, test, vi } from 'vitest';
import type { Approval } from '../../shared/domain/approval.ts';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { createChangeBus } from '../core/change-bus.ts';
import { createApprovalWatch } from './approval-watch.ts';

const approval = (id: string, changes: Partial<Approval> = {}): Approval =>
  ({ id, state: 'pending', created_at: id, next_try_until: null, next_try_granted: false, ...changes }) as Approval;

function setUp(open: Approval[], held: ChangeSet[] = []) {
  const bus = createChangeBus();
  const arrived: string[][] = [];
  const heldIds: string[][] = [];
  const counts: [number, number][] = [];
  const errors: unknown[] = [];
  const broker = { list: vi.fn(async () => open) };
  const watch = createApprovalWatch({
    broker,
    changes: { list: async () => held },
    bus,
    onArrived: (fresh) => void arrived.push(fresh.map(({ id }) => id)),
    onHeld: (fresh) => void heldIds.push(fresh.map(({ id }) => id)),
    onCounted: ({ waiting, cards }) => void counts.push([waiting, cards]),
    onError: (error) => void errors.push(error),
  });
  const settle = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 5));
  return { bus, arrived, heldIds, counts, errors, broker, watch, settle };
}

test('tells of each request once, oldest first, and of how many wait', async () => {
  const open = [approval('b'), approval('a')];
  const { bus, watch, arrived, counts, settle } = setUp(open);
  watch.start();
  await settle();
  open.push(approval('c'));
  bus.changed('calls');
  bus.changed('approvals');
  await settle();
  expect(arrived).toEqual([['a', 'b'], ['c']]);
  expect(counts).toEqual([
    [2, 2],
    [3, 3],
  ]);
  watch.stop();
  open.push(approval('d'));
  bus.changed('approvals');
  await settle();
  expect(arrived).toHaveLength(2);
});

test('one whose agent has left is a card but does not wait, and one answered for the next try is neither', async () => {
  const lapsed = { state: 'expired', next_try_until: '2026-01-01T00:00:00Z' } as const;
  const { watch, arrived, counts, settle } = setUp([approval('a', lapsed), approval('b', { ...lapsed, next_try_granted: true })]);
  watch.start();
  await settle();
  expect(counts).toEqual([[0, 1]]);
  expect(arrived).toEqual([]);
  watch.stop();
});

test('tells of each held change set once; it waits like a request, and counts as a card', async () => {
  const held = [
    { id: 'b', created_at: 'b' },
    { id: 'a', created_at: 'a' },
  ] as unknown as ChangeSet[];
  const { bus, watch, arrived, heldIds, counts, settle } = setUp([approval('x')], held);
  watch.start();
  await settle();
  bus.changed('changes');
  await settle();
  held.length = 0;
  bus.changed('changes');
  await settle();
  expect(heldIds).toEqual([['a', 'b']]);
  expect(arrived).toEqual([['x']]);
  expect(counts).toEqual([
    [3, 3],
    [3, 3],
    [1, 1],
  ]);
  watch.stop();
});

test('a failed look is told, and the next change looks again', async () => {
  const { bus, watch, arrived, errors, broker, settle } = setUp([approval('a')]);
  broker.list.mockRejectedValueOnce(new Error('disk'));
  watch.start();
  await settle();
  expect(errors).toHaveLength(1);
  bus.changed('approvals');
  await settle();
  expect(arrived).toEqual([['a']]);
  watch.stop();
});
