import { describe, expect, it } from 'vitest';
import { contract, type OperationName } from '../../shared/contract/contract.ts';
import { AppError } from '../../shared/errors.ts';
import type { Caller } from './caller.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Handlers } from './handler.ts';

const digest = 'a'.repeat(64);
const approval = `apr_${'a'.repeat(16)}`;
const names = Object.keys(contract) as OperationName[];

/** Handlers that note what reached them and answer what a test says, or nothing. */
function build(answers: Record<string, () => unknown> = {}, socketMayDecide: () => unknown = () => false) {
  const reached: string[] = [];
  const refused: [string, string, string][] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const handlers = Object.fromEntries(
    names.map((name) => [
      name,
      async () => {
        reached.push(name);
        return answers[name]?.() ?? {};
      },
    ]),
  ) as unknown as Handlers;
  const dispatcher = createDispatcher({
    handlers,
    socketMayDecide: socketMayDecide as () => boolean,
    onRefused: (...args) => refused.push(args),
    log: { error: (fields) => logged.push(fields) },
  });
  const call = (name: unknown, input: unknown, channel: Caller['channel'] = 'window') => dispatcher.dispatch(name, input, { channel });
  return { call, reached, refused, logged };
}

const approve = { id: approval, digest };
const approved = { 'approvals.approve': () => ({ id: approval, state: 'approved', grant: null, rule: null, digest }) };

describe('the dispatcher', () => {
  it('answers a known name with a parsed output (positive control)', async () => {
    const { call, reached } = build(approved);
    expect(await call('approvals.approve', approve)).toEqual({
      ok: true,
      value: { id: approval, state: 'approved', grant: null, rule: null, digest },
    });
    expect(reached).toEqual(['approvals.approve']);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'approvals.Approve', 'approvals.approve ', '', 'x'.repeat(5000)])(
    'refuses the unknown name %j and reaches no handler',
    async (name) => {
      const { call, reached, refused } = build();
      expect(await call(name, {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
      expect(reached).toEqual([]);
      expect(refused).toEqual([[name.slice(0, 100), 'window', 'not_found']]);
    },
  );

  it.each([undefined, null, 7, {}, ['status.get'], Symbol('status.get')])('refuses a name that is not a text', async (name) => {
    const { call, reached } = build();
    expect(await call(name, {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(reached).toEqual([]);
  });

  it.each([
    ['an extra key', { ...approve, force: true }],
    ['a missing key', { id: approval }],
    ['a wrong type', { ...approve, digest: 7 }],
    ['an upper-case digest', { ...approve, digest: 'A'.repeat(64) }],
    ['an own __proto__ key', JSON.parse(`{"id":"${approval}","digest":"${digest}","__proto__":{"x":1}}`)],
    ['no object', undefined],
    ['an array', []],
  ])('refuses %s in the input', async (_what, input) => {
    const { call, reached } = build(approved);
    const answer = await call('approvals.approve', input);
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_input' } });
    expect(reached).toEqual([]);
  });

  it('refuses what the contract does not let out, without showing it', async () => {
    const { call, logged } = build({
      'approvals.approve': () => ({ id: approval, state: 'approved', grant: null, rule: null, digest, secret: 'CANARY' }),
    });
    const answer = await call('approvals.approve', approve);
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('CANARY');
    expect(logged).toHaveLength(1);
  });

  const powers: readonly (readonly [OperationName, Caller['channel'], boolean, boolean])[] = names.flatMap((name) =>
    (['window', 'console', 'command-line'] as const).flatMap((channel) =>
      [true, false].map((leave) => {
        const power = contract[name].power;
        const may = power === 'read' || (power === 'decide' ? channel !== 'command-line' || leave : channel === 'window');
        return [name, channel, leave, may] as const;
      }),
    ),
  );
  it.each(powers)('%s from the %s, with leave: %s → may: %s', async (name, channel, leave, may) => {
    const { call, refused } = build({}, () => leave);
    const answer = await call(name, undefined, channel);
    expect(answer).toMatchObject({ ok: false, error: { code: may ? 'invalid_input' : 'forbidden' } });
    expect(refused).toEqual(may ? [] : [[name, channel, 'forbidden']]);
  });

  it('says how to give the command line leave', async () => {
    const answer = await build().call('approvals.approve', approve, 'command-line');
    expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('allow it there until quit') as string } });
  });

  it.each(['true', 1, {}, undefined, null])('takes %j for no leave', async (leave) => {
    const { call, reached } = build(approved, () => leave);
    expect(await call('approvals.approve', approve, 'command-line')).toMatchObject({ error: { code: 'forbidden' } });
    expect(reached).toEqual([]);
  });

  it('passes planned failures on, and hides bugs behind a reference that is logged', async () => {
    const planned = build({
      'approvals.approve': () => {
        throw new AppError('conflict', 'Somebody decided first.');
      },
    });
    expect(await planned.call('approvals.approve', approve)).toEqual({
      ok: false,
      error: { code: 'conflict', message: 'Somebody decided first.' },
    });
    expect(planned.logged).toEqual([]);

    const bug = build({
      'approvals.approve': () => {
        throw new Error('CANARY /home/someone/secret');
      },
    });
    const answer = await bug.call('approvals.approve', approve);
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('CANARY');
    const reference = bug.logged[0]?.['reference'];
    expect(JSON.stringify(answer)).toContain(reference);
  });
});
