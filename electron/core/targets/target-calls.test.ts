import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOperationsWorld, dockerScript, type OperationsWorld } from '../../testing/operations-world.ts';

let world: OperationsWorld;
const containers = (...names: string[]): void => writeFileSync(join(world.folder, 'containers'), names.map((name) => `${name}\n`).join(''));

beforeEach(async () => {
  world = await createOperationsWorld();
  containers('web', 'db');
  world.program('docker', dockerScript(join(world.folder, 'containers')));
});
afterEach(async () => {
  await world.close();
});

const restarts = (): readonly string[] => world.runs().filter((run) => run.includes('restart'));

describe('the target’s part of a call’s right', () => {
  it('F35: a scope without the capability is denied, and with it the same call runs', async () => {
    world.target('production-web', { capabilities: ['system:read', 'container:read'] });
    world.target('development-web', { capabilities: ['system:read', 'system:write', 'container:read', 'container:write'] });
    const token = await world.token({ targets: ['production-web', 'development-web'] });
    const denied = await world.call(token, 'container_restart', { container: 'web', target: 'production-web' });
    expect(world.ruleOf(denied)).toBe('builtin:capability');
    expect(denied.text).toContain('container:write');
    expect(world.runs()).toEqual([]);
    const allowed = await world.call(token, 'container_restart', { container: 'web', target: 'development-web' });
    expect(allowed.isError).toBe(false);
    expect(restarts()).toEqual(['docker|container|restart|--|web']);
    // What it may, it may on the strict one, too.
    expect((await world.call(token, 'container_list', { target: 'production-web' })).isError).toBe(false);
  });

  it('F35: a capability without the scope is denied', async () => {
    const token = await world.token({ scopes: ['container:read'] });
    expect(world.ruleOf(await world.call(token, 'container_restart', { container: 'web' }))).toBe('builtin:scope');
    expect(world.runs()).toEqual([]);
  });

  it('F35: a token acts on the targets that it names, and on no other; none is none', async () => {
    world.target('web');
    const token = await world.token({ targets: ['web'] });
    expect(world.ruleOf(await world.call(token, 'container_list', {}))).toBe('builtin:target');
    expect(world.ruleOf(await world.call(token, 'container_list', { target: 'nowhere' }))).toBe('builtin:target');
    expect(world.ruleOf(await world.call(await world.token({ targets: [] }), 'container_list', {}))).toBe('builtin:target');
    expect(world.ruleOf(await world.call(await world.token({ targets: ['gone'] }), 'container_list', { target: 'gone' }))).toBe(
      'builtin:target',
    );
    expect(world.runs()).toEqual([]);
    expect((await world.call(token, 'container_list', { target: 'web' })).isError).toBe(false);
  });

  it('F35: what the file takes from local binds the file tools as well', async () => {
    const token = await world.token({ workspaces: [world.folder] });
    expect((await world.call(token, 'file_read', { path: 'containers' })).text).toContain('web');
    world.target('local', { capabilities: ['system:read'] });
    const denied = await world.call(token, 'file_read', { path: 'containers' });
    expect(world.ruleOf(denied)).toBe('builtin:capability');
    expect(denied.text).not.toContain('web');
  });

  it('F34: while no target could be loaded everything is denied', async () => {
    const deps = { ...world.deps, targets: { get: () => null, deniedBecause: () => 'The targets could not be loaded, line 3.' } };
    Object.assign(world.deps, deps);
    const token = await world.token({ workspaces: [world.folder] });
    const denied = await world.call(token, 'file_read', { path: 'containers' });
    expect(world.ruleOf(denied)).toBe('builtin:target');
    expect(denied.text).toContain('line 3');
  });

  it('F36: outside a maintenance window what changes something waits, and what only looks does not', async () => {
    const constraints = {
      sudo: 'ask' as const,
      require_approval: false,
      maintenance_windows: [{ from: '02:00', to: '04:00', zone: 'UTC' }],
    };
    world.target('local', { constraints });
    const token = await world.token();
    const denied = await world.call(token, 'container_restart', { container: 'web' });
    expect(world.ruleOf(denied)).toBe('builtin:maintenance');
    expect(denied.text).toContain('02:00–04:00 UTC');
    expect((await world.call(token, 'container_list', {})).isError).toBe(false);
    expect(restarts()).toEqual([]);
    world.clock.setWall(Date.parse('2026-03-02T03:00:00Z'));
    expect((await world.call(token, 'container_restart', { container: 'web' })).isError).toBe(false);
    expect(restarts()).toHaveLength(1);
  });

  it('F36: an overrun is killed at the target’s time limit', async () => {
    world.target('local', { constraints: { sudo: 'ask', require_approval: false, maintenance_windows: [], timeout_s: 2 } });
    world.program(
      'systemctl',
      `[[ $1 == list-units ]] && { echo 'slow.service loaded'; exit; }\nsleep 100\necho survived > ${world.folder}/canary`,
    );
    const slow = await world.call(await world.token(), 'service_status', { service: 'slow' });
    expect(slow.isError).toBe(true);
    expect(slow.text).toContain('time limit of 2 s');
  });

  it('F36: what no tool ends itself is ended from outside', async () => {
    world.target('local', { constraints: { sudo: 'ask', require_approval: false, maintenance_windows: [], timeout_s: 2 } });
    const token = await world.harness.mint();
    const hanging = world.harness.call(token, 'hang');
    for (let tries = 0; tries < 200 && world.deps.running.count() === 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await world.clock.advance(2900);
    expect(world.deps.running.count()).toBe(1);
    await world.clock.advance(200);
    expect((await hanging).kind === 'result' && JSON.stringify(await hanging)).toContain('time limit of the target local');
  });

  it('F36: one call too many is refused at once, says when to come again, and leaves no trace on the target', async () => {
    world.target('local', { constraints: { sudo: 'ask', require_approval: false, maintenance_windows: [], concurrency: 1 } });
    const gate = join(world.folder, 'go');
    world.program(
      'systemctl',
      `[[ $1 == list-units ]] && { echo 'a.service loaded'; exit; }\nwhile [[ ! -e ${gate} ]]; do sleep 0.05; done; echo done`,
    );
    const token = await world.token();
    const first = world.call(token, 'service_status', { service: 'a' });
    while (!world.runs().some((run) => run.includes('show'))) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await world.call(token, 'container_restart', { container: 'web' });
    expect(world.ruleOf(second)).toBe('builtin:concurrency');
    expect(second.structured?.['retry_after_s']).toBe(5);
    expect(restarts()).toEqual([]);
    writeFileSync(gate, '');
    expect((await first).text).toContain('done');
    expect((await world.call(token, 'container_restart', { container: 'web' })).isError).toBe(false);
  });

  it('F37: a target may want approval for what policy allows; nobody there is a no', async () => {
    world.target('strict', { constraints: { sudo: 'ask', require_approval: true, maintenance_windows: [] } });
    world.program('uname', 'echo Linux');
    for (const name of ['cat', 'df']) world.program(name, 'true');
    const token = await world.token({ targets: ['strict', 'local'] });
    const asking = world.call(token, 'system_status', { target: 'strict' });
    const [approval] = await world.harness.pending();
    expect(approval).toMatchObject({ target: 'strict', rule: 'builtin:target-approval', risk: 'low' });
    expect(world.runs()).toEqual([]);
    await world.clock.advance(271_000);
    const denied = await asking;
    expect(denied.structured?.['outcome']).toBe('expired');
    expect(world.runs()).toEqual([]);
    // The same operation elsewhere needs nobody, and here it runs once somebody says yes.
    expect((await world.call(token, 'system_status', {})).isError).toBe(false);
    const again = world.call(token, 'system_status', { target: 'strict' });
    const [second] = await world.harness.pending();
    if (second === undefined) throw new Error('Nobody was asked.');
    await world.harness.broker.decide({ id: second.id, digest: second.digest, result: 'approved', channel: 'window', reason: '' });
    expect((await again).isError).toBe(false);
  });

  it.each([
    ['a tool', ['container_restart'], 'builtin:target-approval'],
    ['a risk', ['high'], 'builtin:target-approval'],
    ['another tool', ['container_stop', 'critical'], null],
  ])('F37: the demand may name %s', async (_what, require_approval, rule) => {
    world.target('local', { constraints: { sudo: 'ask', require_approval, maintenance_windows: [] } });
    const asking = world.call(await world.token(), 'container_restart', { container: 'web' });
    if (rule === null) return expect((await asking).isError).toBe(false);
    const [approval] = await world.harness.pending();
    expect(approval?.rule).toBe(rule);
    await world.harness.broker.decide({ id: approval!.id, result: 'denied', channel: 'window', reason: 'no' });
    expect((await asking).isError).toBe(true);
    expect(restarts()).toEqual([]);
  });

  it('F37: a target that loses a capability, or changes, while the operator thinks makes the yes void', async () => {
    world.harness.judge('ask');
    const token = await world.token();
    for (const over of [{ capabilities: ['system:read' as const] }, { metadata: { tier: 'production' } }]) {
      world.target('local');
      const asking = world.call(token, 'container_restart', { container: 'web' });
      const [approval] = await world.harness.pending();
      if (approval === undefined) throw new Error('Nobody was asked.');
      world.target('local', over);
      await world.harness.broker.decide({ id: approval.id, digest: approval.digest, result: 'approved', channel: 'window', reason: '' });
      expect((await asking).isError).toBe(true);
      expect((await world.harness.broker.get(approval.id)).state).toBe('cancelled');
    }
    expect(restarts()).toEqual([]);
  });
});
