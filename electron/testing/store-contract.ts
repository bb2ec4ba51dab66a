import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewAuditEvent } from '../../shared/domain/audit.ts';
import type { JsonValue } from '../../shared/json.ts';
import { verifyRows } from '../core/audit/chain.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { CommitResult, Store, StoreChange } from '../core/ports/store.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import {
  approval,
  auditEvent,
  callRecord,
  changeEntry,
  changeSet,
  decision,
  newApprovalId,
  newCallId,
  newChangeSetId,
  newTokenId,
  storedTask,
  storedToken,
} from './store-records.ts';

/** What the port promises, asked of a store that `create` makes, empty and not started. */
export function describeStore(name: string, create: (clock: Clock) => Promise<Store>): void {
  describe(`${name} keeps the store's contract`, () => {
    let store: Store;
    let clock: FakeClock;
    beforeEach(async () => {
      clock = createFakeClock();
      store = await create(clock);
      await store.start();
    });
    afterEach(() => store.stop());

    const commit = (events: readonly NewAuditEvent[], changes: readonly StoreChange[] = []): Promise<CommitResult> =>
      store.commit({ events, changes });
    const conflict = (kind: StoreChange['kind']): CommitResult => ({ ok: false, conflict: kind });

    describe('F90: the chain', () => {
      test('starts from 32 zero bytes and hashes the canonical text that is stored', async () => {
        expect(await store.auditHead()).toEqual({ seq: 0, hash: '0'.repeat(64) });
        expect(await store.verify()).toMatchObject({ ok: true, events: 0 });
        const result = await commit([auditEvent({ data: { b: 1, a: '€' } })]);
        const [row] = await store.auditRows({ after_seq: 0, limit: 10 });
        const body = { v: 1, seq: 1, time: '2026-03-01T12:00:00.000Z', ...auditEvent({ data: { b: 1, a: '€' } }) };
        expect(row?.body).toBe(canonicalJson(body as JsonValue));
        expect(row?.hash).toBe(sha256Hex(Buffer.concat([Buffer.alloc(32), Buffer.from(row?.body ?? '')])));
        expect(result).toEqual({ ok: true, events: [{ ...body, hash: row?.hash }] });
        expect(await store.auditHead()).toEqual({ seq: 1, hash: row?.hash });
      });

      test('numbers without gaps, across units that come at once and ones that conflict', async () => {
        const lost = { kind: 'approval.consume' as const, id: newApprovalId(), digest: sha256Hex('x') };
        const results = await Promise.all(
          Array.from({ length: 60 }, (_, index) => commit([auditEvent({ data: { index } }), auditEvent()], index % 7 === 3 ? [lost] : [])),
        );
        expect(results.filter(({ ok }) => !ok)).toHaveLength(9);
        const rows = await store.auditRows({ after_seq: 0, limit: 1000 });
        expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
        expect(verifyRows(rows).problems).toEqual([]);
        expect(await store.verify()).toMatchObject({ ok: true, events: 102, head: await store.auditHead(), problems: [] });
      });

      test('refuses an event that could not be verified later, and keeps the others', async () => {
        const bad = [auditEvent({ data: { text: '\ud800' } }), auditEvent({ agent: '../etc' }), auditEvent({ data: { n: NaN } })];
        const results = await Promise.allSettled([...bad.map((event) => commit([event])), commit([auditEvent()])]);
        expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
        expect(results[0]).toMatchObject({ reason: { code: 'invalid_input' } });
        expect(await store.verify()).toMatchObject({ ok: true, events: 1 });
      });

      test('a clock that is set back changes times, not the order', async () => {
        await commit([auditEvent()]);
        clock.setWall(Date.parse('2026-02-01T00:00:00.000Z'));
        await commit([auditEvent()]);
        const events = await store.auditEvents({ after_seq: 0, limit: 10 });
        expect(events.map(({ time }) => time)).toEqual(['2026-03-01T12:00:00.000Z', '2026-02-01T00:00:00.000Z']);
        expect((await store.verify()).ok).toBe(true);
      });
    });

    describe('F83: finding events', () => {
      const call = newCallId();
      beforeEach(async () => {
        await commit([auditEvent({ type: 'token.minted', actor: 'operator', data: { note: "it's 100% Größe" } })]);
        await clock.advance(1000);
        await commit([
          auditEvent({ agent: 'kim', call_id: call }),
          auditEvent({ type: 'execution.finished', agent: 'kim', call_id: call }),
        ]);
        await clock.advance(1000);
        await commit([auditEvent({ type: 'gateway.stopped', actor: 'gateway', agent: null })]);
      });
      const seqs = async (query: Partial<Parameters<Store['auditEvents']>[0]>): Promise<number[]> =>
        (await store.auditEvents({ limit: 100, ...query })).map(({ seq }) => seq);

      test('newest first; oldest first from a cursor; both cursors bound', async () => {
        expect(await seqs({})).toEqual([4, 3, 2, 1]);
        expect(await seqs({ limit: 2 })).toEqual([4, 3]);
        expect(await seqs({ before_seq: 3 })).toEqual([2, 1]);
        expect(await seqs({ after_seq: 1, limit: 2 })).toEqual([2, 3]);
        expect(await seqs({ after_seq: 1, before_seq: 4 })).toEqual([3, 2]);
      });
      test('by type, agent, call and time (both ends included)', async () => {
        expect(await seqs({ types: ['token.minted', 'gateway.stopped'] })).toEqual([4, 1]);
        expect(await seqs({ types: [] })).toEqual([]);
        expect(await seqs({ agent: 'kim' })).toEqual([3, 2]);
        expect(await seqs({ call_id: call, types: ['execution.finished'] })).toEqual([3]);
        expect(await seqs({ from: '2026-03-01T12:00:01.000Z' })).toEqual([4, 3, 2]);
        expect(await seqs({ from: '2026-03-01T12:00:00.500Z', to: '2026-03-01T12:00:01.000Z' })).toEqual([3, 2]);
        const rows = await store.auditRows({ after_seq: 0, limit: 100, to: '2026-03-01T12:00:01.000Z' });
        expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      });
      test('by text, without regard to case; nothing in it is a pattern', async () => {
        expect(await seqs({ text: 'KIM' })).toEqual([3, 2]);
        expect(await seqs({ text: 'grösse' })).toEqual([]);
        expect(await seqs({ text: 'GRÖßE' })).toEqual([1]);
        expect(await seqs({ text: "it's 100%" })).toEqual([1]);
        expect(await seqs({ text: '%' })).toEqual([1]);
        expect(await seqs({ text: 'k_m' })).toEqual([]);
        expect(await seqs({ text: '"v":1', after_seq: 0, limit: 3 })).toEqual([1, 2, 3]);
      });
      test.each(["' OR 1=1--", '"; DROP TABLE audit_events; --', '%', '*', '\0', "kim' OR 'a'='a"])(
        'the value %j is only a value',
        async (value) => {
          expect(await seqs({ agent: value })).toEqual([]);
          expect(await store.calls({ agent: value, limit: 10 })).toEqual([]);
          expect(await store.call(value as ReturnType<typeof newCallId>)).toBeNull();
          expect(await store.approvals({ states: [value as 'pending'], limit: 10 })).toEqual([]);
          expect(await seqs({})).toEqual([4, 3, 2, 1]);
        },
      );
      test.each([-1, 1.5, NaN, Infinity])('the limit %d is refused instead of meaning everything', async (limit) => {
        const refused = { code: 'invalid_input' };
        await expect(store.auditEvents({ limit })).rejects.toMatchObject(refused);
        await expect(store.auditEvents({ limit, text: 'kim' })).rejects.toMatchObject(refused);
        await expect(store.auditRows({ after_seq: 0, limit })).rejects.toMatchObject(refused);
        await expect(store.approvals({ limit })).rejects.toMatchObject(refused);
        await expect(store.calls({ limit })).rejects.toMatchObject(refused);
        await expect(store.auditEvents({ limit: 1, before_seq: NaN })).rejects.toMatchObject(refused);
        expect(await seqs({ limit: 0 })).toEqual([]);
      });
    });

    describe('tokens', () => {
      test('are inserted once, by id and by hash, and revoked once', async () => {
        const stored = storedToken({}, 'secret');
        expect(await commit([], [{ kind: 'token.insert', token: stored }])).toMatchObject({ ok: true });
        expect(await commit([auditEvent()], [{ kind: 'token.insert', token: storedToken({}, 'secret') }])).toEqual(
          conflict('token.insert'),
        );
        expect(await commit([], [{ kind: 'token.insert', token: storedToken({ id: stored.token.id }) }])).toEqual(conflict('token.insert'));
        const revoke = { kind: 'token.revoke' as const, id: stored.token.id, at: '2026-03-01T13:00:00.000Z' };
        expect(await commit([], [revoke])).toMatchObject({ ok: true });
        expect(await commit([], [{ ...revoke, at: '2026-03-01T14:00:00.000Z' }])).toEqual(conflict('token.revoke'));
        expect(await commit([], [{ ...revoke, id: newTokenId() }])).toEqual(conflict('token.revoke'));
        expect(await store.tokens()).toEqual([{ ...stored, token: { ...stored.token, revoked_at: '2026-03-01T13:00:00.000Z' } }]);
        expect((await store.auditHead()).seq).toBe(0);
      });
    });

    describe('approvals', () => {
      test('the first decision wins, also among ten at once', async () => {
        const asked = approval();
        await commit([], [{ kind: 'approval.insert', approval: asked }]);
        const decide = (index: number): Promise<CommitResult> => {
          const [to, result] = index % 2 === 0 ? (['approved', 'approved'] as const) : (['denied', 'denied'] as const);
          return commit(
            [auditEvent({ type: `approval.${to}` })],
            [{ kind: 'approval.decide', id: asked.id, to, decision: decision({ result, reason: `${index}` }) }],
          );
        };
        const results = await Promise.all(Array.from({ length: 10 }, (_, index) => decide(index)));
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(results.filter(({ ok }) => !ok)).toEqual(Array(9).fill(conflict('approval.decide')));
        expect((await store.auditHead()).seq).toBe(1);
        const winner = results.findIndex(({ ok }) => ok);
        expect(await store.approval(asked.id)).toMatchObject({
          state: winner % 2 === 0 ? 'approved' : 'denied',
          decision: { reason: `${winner}` },
        });
      });

      test('is consumed once, only when approved, and only by its own digest', async () => {
        const asked = approval();
        await commit([], [{ kind: 'approval.insert', approval: asked }]);
        const consume = { kind: 'approval.consume' as const, id: asked.id, digest: asked.digest };
        expect(await commit([auditEvent()], [consume])).toEqual(conflict('approval.consume'));
        await commit([], [{ kind: 'approval.decide', id: asked.id, to: 'approved', decision: decision() }]);
        expect(await commit([auditEvent()], [{ ...consume, digest: asked.call_digest }])).toEqual(conflict('approval.consume'));
        const results = await Promise.all(Array.from({ length: 5 }, () => commit([auditEvent()], [consume])));
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(await store.approval(asked.id)).toEqual({ ...asked, state: 'consumed', decision: decision() });
        expect((await store.auditHead()).seq).toBe(1);
      });

      test('what was approved can be voided until it is consumed; nothing else can', async () => {
        const asked = approval({ state: 'approved' });
        const pending = approval();
        await commit(
          [],
          [
            { kind: 'approval.insert', approval: asked },
            { kind: 'approval.insert', approval: pending },
          ],
        );
        const cancelled = decision({ result: 'cancelled', by: 'gateway' });
        expect(await commit([], [{ kind: 'approval.void', id: pending.id, decision: cancelled }])).toEqual(conflict('approval.void'));
        expect(await commit([], [{ kind: 'approval.void', id: asked.id, decision: cancelled }])).toMatchObject({ ok: true });
        expect(await commit([], [{ kind: 'approval.consume', id: asked.id, digest: asked.digest }])).toEqual(conflict('approval.consume'));
        expect(await store.approval(asked.id)).toMatchObject({ state: 'cancelled', decision: cancelled });
      });

      test('a conflict leaves nothing of its unit behind', async () => {
        const call = callRecord();
        const changes: StoreChange[] = [
          { kind: 'call.put', call },
          { kind: 'approval.consume', id: newApprovalId(), digest: sha256Hex('x') },
        ];
        expect(await commit([auditEvent()], changes)).toEqual(conflict('approval.consume'));
        expect(await store.call(call.id)).toBeNull();
        expect((await store.auditHead()).seq).toBe(0);
      });

      test('are listed newest first, by state; an id that is taken conflicts', async () => {
        const made = ['10', '12', '11', '12'].map((hour) => approval({ created_at: `2026-03-01T${hour}:00:00.000Z` }));
        for (const one of made) await commit([], [{ kind: 'approval.insert', approval: one }]);
        await commit([], [{ kind: 'approval.decide', id: made[2]!.id, to: 'denied', decision: decision({ result: 'denied' }) }]);
        const ids = async (filter: Parameters<Store['approvals']>[0]): Promise<string[]> =>
          (await store.approvals(filter)).map(({ id }) => id);
        expect(await ids({ limit: 10 })).toEqual([3, 1, 2, 0].map((index) => made[index]!.id));
        expect(await ids({ states: ['pending'], limit: 2 })).toEqual([3, 1].map((index) => made[index]!.id));
        expect(await ids({ states: [], limit: 2 })).toEqual([]);
        expect(await commit([], [{ kind: 'approval.insert', approval: made[0]! }])).toEqual(conflict('approval.insert'));
        expect(await store.approval(newApprovalId())).toBeNull();
      });
    });

    describe('calls and tasks', () => {
      test('a call is put again as it goes on; lists are newest first and filtered', async () => {
        const old = callRecord({ received_at: '2026-03-01T10:00:00.000Z', agent: 'kim' });
        const asked = callRecord({
          received_at: '2026-03-01T11:00:00.000Z',
          approval_id: newApprovalId(),
          arguments: { command: 'echo "ü\n\u0000"' },
        });
        const denied = callRecord({ received_at: '2026-03-01T11:00:00.000Z', state: 'finished', outcome: 'denied' });
        for (const call of [asked, old, denied]) await commit([], [{ kind: 'call.put', call }]);
        expect(await store.calls({ limit: 10 })).toEqual([denied, asked, old]);
        const running = { ...asked, state: 'running' as const };
        await commit([], [{ kind: 'call.put', call: running }]);
        expect(await store.call(asked.id)).toEqual(running);
        expect(await store.calls({ states: ['running', 'waiting'], limit: 10 })).toEqual([running, old]);
        expect(await store.calls({ agent: 'kim', limit: 10 })).toEqual([old]);
        expect(await store.calls({ before: '2026-03-01T11:00:00.000Z', limit: 10 })).toEqual([old]);
        expect(await store.calls({ limit: 1 })).toEqual([denied]);
        expect(await store.counts('2026-03-01T11:00:00.000Z')).toEqual({ calls: 2, asked: 1, denied: 1 });
        expect(await store.counts('2026-03-02T00:00:00.000Z')).toEqual({ calls: 0, asked: 0, denied: 0 });
      });

      test("a token's open task is found until it is closed", async () => {
        const task = storedTask();
        await commit([], [{ kind: 'task.put', task }]);
        expect(await store.openTask(task.token_id)).toEqual(task);
        const later = { ...task, last_call_at: '2026-03-01T12:10:00.000Z' };
        await commit([], [{ kind: 'task.put', task: later }]);
        expect(await store.openTask(task.token_id)).toEqual(later);
        await commit([], [{ kind: 'task.put', task: { ...later, closed_at: '2026-03-01T12:40:00.000Z' } }]);
        expect(await store.openTask(task.token_id)).toBeNull();
        expect(await store.openTask(newTokenId())).toBeNull();
      });
    });

    describe('change sets', () => {
      const sets = async (filter: Partial<Parameters<Store['changeSets']>[0]>): Promise<string[]> =>
        (await store.changeSets({ limit: 100, ...filter })).map(({ id }) => id);

      test('are inserted once, and replaced only in the state and by the digest that is expected', async () => {
        const made = changeSet({ state: 'held' });
        expect(await commit([auditEvent()], [{ kind: 'change_set.insert', changeSet: made }])).toMatchObject({ ok: true });
        expect(await commit([], [{ kind: 'change_set.insert', changeSet: made }])).toEqual(conflict('change_set.insert'));
        const entries = [changeEntry({ path: '/srv/project/"ü\n' })];
        const next = changeSet({ ...made, state: 'applying', entries, digest: sha256Hex('next') });
        const put = { kind: 'change_set.put' as const, changeSet: next, expectState: 'held' as const, expectDigest: made.digest };
        expect(await commit([auditEvent()], [{ ...put, expectDigest: sha256Hex('other') }])).toEqual(conflict('change_set.put'));
        expect(await commit([auditEvent()], [{ ...put, expectState: 'applied' }])).toEqual(conflict('change_set.put'));
        const results = await Promise.all(Array.from({ length: 5 }, () => commit([auditEvent()], [put])));
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(await store.changeSet(made.id)).toEqual(next);
        expect((await store.auditHead()).seq).toBe(2);
        const missing = { ...put, changeSet: { ...next, id: newChangeSetId() } };
        expect(await commit([], [missing])).toEqual(conflict('change_set.put'));
        expect(await store.changeSet(newChangeSetId())).toBeNull();
      });

      test('are listed newest first, by state, call, task, what remains of them, and on from one', async () => {
        const held = changeSet({ state: 'held', entries: [changeEntry({ state: 'held' })] });
        const applied = changeSet({ task_id: held.task_id });
        const dropped = changeSet({ state: 'dropped', undoable: false, entries: [changeEntry({ state: 'dropped' }), changeEntry()] });
        for (const one of [held, applied, dropped]) await commit([], [{ kind: 'change_set.insert', changeSet: one }]);
        expect(await sets({})).toEqual([dropped.id, applied.id, held.id]);
        expect(await sets({ limit: 1 })).toEqual([dropped.id]);
        expect(await sets({ states: ['held', 'applied'] })).toEqual([applied.id, held.id]);
        expect(await sets({ states: [] })).toEqual([]);
        expect(await sets({ call_id: applied.call_id })).toEqual([applied.id]);
        expect(await sets({ task_id: held.task_id })).toEqual([applied.id, held.id]);
        expect(await sets({ withRemainder: true })).toEqual([dropped.id, held.id]);
        expect(await sets({ undoable: true, before: dropped.id })).toEqual([applied.id, held.id]);
        expect(await sets({ before: held.id })).toEqual([]);
        expect(await sets({ before: newChangeSetId() })).toEqual([]);
        await expect(store.changeSets({ limit: -1 })).rejects.toMatchObject({ code: 'invalid_input' });
        const settled = { ...held, entries: [changeEntry()], state: 'applied' as const };
        await commit([], [{ kind: 'change_set.put', changeSet: settled, expectState: 'held', expectDigest: held.digest }]);
        expect(await sets({ withRemainder: true })).toEqual([dropped.id]);
      });
    });
  });
}
