import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../shared/domain/call.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Store } from '../core/ports/store.ts';
import { createFakeClock } from './fake-clock.ts';
import { callRecord, newApprovalId } from './store-records.ts';

const said = (effect: Verdict['effect']): Verdict => ({ effect, rule: 'a', reason: 'r', profile: 'default', policy_version: 'v1' });
const AT = Date.parse('2026-03-01T12:00:00.000Z');

/** What the port promises of judged calls, asked of a store that `create` makes, empty and not started. */
export function describeJudgedCalls(name: string, create: (clock: Clock) => Promise<Store>): void {
  describe(`${name} keeps what policy judged`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await create(createFakeClock());
      await store.start();
    });
    afterEach(() => store.stop());

    const put = async (call: ReturnType<typeof callRecord>): Promise<unknown> =>
      store.commit({ events: [], changes: [{ kind: 'call.put', call }] });

    test('newest first, each once as it was put last, and not what never came before the policy', async () => {
      const judged = { at: AT, commands: ['true'], hosts: ['a.test'], target_metadata: { tier: 'prod' }, labels: ['private'] };
      const exact = callRecord({ verdict: said('ask'), judged, approval_id: newApprovalId() });
      const old = callRecord({ verdict: said('allow'), received_at: '2026-03-01T11:00:00.000Z' });
      const long = callRecord({ verdict: said('deny'), judged, arguments: { text: 'x'.repeat(20_000) } });
      for (const call of [exact, callRecord(), old, long]) await put(call);
      const first = await store.judgedCalls({ from: null, limit: 10 });
      expect(first.next).toBeNull();
      expect(first.calls.map(({ call_id }) => call_id)).toEqual([long.id, old.id, exact.id]);
      expect(first.calls[0]).toMatchObject({ effect: 'deny', arguments: null });
      expect(first.calls[1]).toMatchObject({ exact: false, at: Date.parse('2026-03-01T11:00:00.000Z'), arguments: { command: 'true' } });
      expect(first.calls[2]).toMatchObject({ ...judged, exact: true, approved: false, rule: 'a', summary: 'true' });

      await put({ ...exact, started_at: '2026-03-01T12:00:01.000Z', state: 'finished', outcome: 'succeeded' });
      const { calls } = await store.judgedCalls({ from: null, limit: 10 });
      expect(calls.map(({ call_id, approved }) => [call_id, approved])).toEqual([
        [long.id, false],
        [old.id, false],
        [exact.id, true],
      ]);
    });

    test('pages meet without a gap, whatever their size, also where all came in the same instant', async () => {
      const all = Array.from({ length: 7 }, () => callRecord({ verdict: said('allow') }));
      for (const call of all) await put(call);
      for (const limit of [1, 2, 3, 7, 8]) {
        const seen: string[] = [];
        let from: number | null = null;
        do {
          const page: Awaited<ReturnType<Store['judgedCalls']>> = await store.judgedCalls({ from, limit });
          seen.push(...page.calls.map(({ call_id }) => call_id));
          from = page.next;
        } while (from !== null);
        expect(seen).toEqual(all.map(({ id }) => id).reverse());
      }
      expect(await store.judgedCalls({ from: null, limit: 0 })).toMatchObject({ calls: [] });
      await expect(store.judgedCalls({ from: null, limit: -1 })).rejects.toMatchObject({ code: 'invalid_input' });
    });
  });
}
