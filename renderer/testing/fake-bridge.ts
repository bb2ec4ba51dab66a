import {
  contract,
  type InputOf,
  type OperationName,
  type OutputOf,
  type ParsedInputOf,
  type Topic,
  type WireResult,
} from '../../shared/contract/contract.ts';
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { Approval } from '../../shared/domain/approval.ts';
import { Settings } from '../../shared/domain/settings.ts';
import type { ConnectPlan } from '../../shared/domain/host.ts';
import { ago, ahead, callId, digest, tokenId } from './fake-ids.ts';
import { createChangeHandlers } from './fake-change-handlers.ts';
import { createGrantHandlers } from './fake-grants.ts';
import type { FakeWorld, Handlers } from './fake-world.ts';
import { plan, policyText } from './fake-host.ts';
import { createTargetHandlers } from './fake-targets.ts';
import { createFakeStreams, createProgramHandlers } from './fake-programs.ts';

export interface FakeBridge {
  readonly bridge: Bridge;
  readonly world: FakeWorld;
  /** Every call that was made, in order. */
  readonly log: { readonly name: string; readonly input: unknown }[];
  readonly push: (topic: Topic) => void;
  /** Prints into every stream that is open. */
  readonly print: (text: string) => void;
}

const minted = (request: {
  readonly agent: string;
  readonly scopes: readonly string[];
  readonly workspaces: readonly string[];
}): OutputOf<'tokens.mint'> => ({
  id: tokenId(77),
  agent: request.agent,
  token: 'gh_4fX9bq2TzVn7LkW0sJ8mYhR3cPd6EaUo1iGtNvQx5B',
  scopes: request.scopes.filter((scope) => scope === 'file:read' || scope === 'file:write' || scope === 'bash:exec'),
  workspaces: [...request.workspaces],
  expires_at: ahead(86_400 * 30),
});

function createHandlers(world: FakeWorld, push: (topic: Topic) => void): Handlers {
  const find = (id: string): Approval => {
    const found = world.approvals.find((approval) => approval.id === id);
    if (found === undefined) throw new Error('There is no such request.');
    return found;
  };
  const end = (id: string, state: 'approved' | 'denied', reason: string): OutputOf<'approvals.approve'> => {
    const old = find(id);
    const next: Approval = { ...old, state, decision: { result: state, by: 'operator', channel: 'window', at: ago(0), reason } };
    world.approvals = world.approvals.map((approval) => (approval.id === id ? next : approval));
    push('approvals');
    return { id: old.id, state, digest: old.digest, grant: null, rule: null };
  };
  const isOpen = (approval: Approval): boolean => approval.state === 'pending' || approval.next_try_until !== null;
  return {
    'panic.trigger': () => {
      world.status = { ...world.status, panic: { since: ago(0) } };
      push('status');
      return { since: ago(0), calls: 1, jobs: 0, requests: world.approvals.length, grants: 0 };
    },
    'panic.release': () => {
      world.status = { ...world.status, panic: null };
      push('status');
      return { since: ago(0) };
    },
    'deciders.status': () => ({
      enabled: true,
      mode: 'window',
      channels: [{ channel: 'webhook', state: 'off', can_decide: false, detail: 'deciders.webhook.url is empty.' }],
      callbacks_url: null,
      aliases: [],
    }),
    'deciders.test': () => ({ results: [] }),
    ...createGrantHandlers(world, push),
    'status.get': () => ({
      ...world.status,
      counts: { ...world.status.counts, waiting: world.approvals.filter((approval) => approval.state === 'pending').length },
    }),
    'doctor.run': () => ({ items: world.status.capabilities }),
    'approvals.list': ({ state }) => ({
      approvals: world.approvals
        .filter((approval) => state === 'all' || (state === 'open' ? isOpen(approval) : approval.state === 'pending'))
        .sort((a, b) => b.created_at.localeCompare(a.created_at)),
    }),
    'approvals.get': ({ id }) => find(id),
    'approvals.approve': ({ id, reason }) => end(id, 'approved', reason),
    'approvals.deny': ({ id, reason }) => end(id, 'denied', reason),
    'approvals.pregrant': ({ id }) => {
      const old = find(id);
      world.approvals = world.approvals.map((approval) => (approval.id === id ? { ...approval, next_try_granted: true } : approval));
      return { id: old.id, state: old.state, digest: old.digest };
    },
    'calls.list': ({ states, agent, limit }) => ({
      calls: world.calls
        .filter((call) => (states === undefined || states.includes(call.state)) && (agent === undefined || call.agent === agent))
        .slice(0, limit),
    }),
    'calls.get': ({ id }) => {
      const call = world.calls.find((one) => one.id === id) ?? world.calls[0];
      if (call === undefined) throw new Error('There is no such call.');
      return { call, events: world.events.slice(0, 4).reverse() };
    },
    'calls.stop': ({ id }) => ({ id, stopped: true }),
    ...createProgramHandlers(world, () => push('calls')),
    ...createChangeHandlers(world, push),
    ...createTargetHandlers(push),
    'tokens.list': () => ({ tokens: world.tokens }),
    'tokens.mint': (request) => minted(request),
    'tokens.revoke': ({ id }) => {
      world.tokens = world.tokens.map((token) =>
        token.id === id ? { ...token, state: 'revoked', connected: false, revoked_at: ago(0) } : token,
      );
      return { id, revoked_at: ago(0) };
    },
    'tokens.rotate': () => minted({ agent: 'Codex', scopes: ['file:read'], workspaces: [] }),
    'audit.list': ({ types, agent, text, call_id, before_seq, limit }) => ({
      events: world.events
        .filter((event) => types === undefined || types.includes(event.type))
        .filter((event) => agent === undefined || event.agent === agent)
        .filter((event) => call_id === undefined || event.call_id === call_id)
        .filter((event) => text === undefined || JSON.stringify(event).includes(text))
        .filter((event) => before_seq === undefined || event.seq < before_seq)
        .slice(0, limit),
    }),
    'audit.rows': () => ({ rows: [] }),
    'audit.verify': () => ({
      ok: true,
      events: world.status.audit.events,
      head: { seq: world.status.audit.events, hash: digest(1240) },
      anchor: 'keychain',
      problems: [],
    }),
    'policy.get': () => world.policy,
    'policy.check': () => ({ ok: true, rules: 4, problems: [] }),
    'policy.accept': ({ version }) => {
      world.policy = { ...world.policy, text: world.policy.held?.text ?? '', held: null };
      push('policy');
      return { version };
    },
    'policy.save': ({ text }) => {
      const before = world.policy.status.version;
      world.policy = { ...world.policy, text };
      push('policy');
      return { ok: true, problems: [], text, diff: '', before, version: before, rules: 4 };
    },
    ...noPolicyHistory(),
    'policy.explain': () => {
      throw new Error('The pages do not ask for this.');
    },
    'config.get': () => ({ settings: world.settings, held: world.heldSettings }),
    'config.accept': () => {
      world.settings = world.heldSettings ?? world.settings;
      world.heldSettings = null;
      push('config');
      return { settings: world.settings };
    },
    'config.set': ({ key, value }) => {
      const [section = '', name = ''] = key.split('.');
      const all: Record<string, Record<string, unknown>> = structuredClone(world.settings);
      const before = all[section]?.[name];
      world.settings = Settings.parse({ ...all, [section]: { ...all[section], [name]: value } });
      return { key, before: (before ?? null) as null, after: value, restart: section === 'server' };
    },
    'console.link': () => ({ url: 'http://127.0.0.1:9877/#k=secret', expires_at: ahead(300) }),
    'clients.detect': () => ({ clients: world.clients }),
    'clients.plan': ({ kind, disable_own_tools }): ConnectPlan => plan(kind, disable_own_tools),
    'clients.connect': ({ plan: applied, mint }) => {
      world.clients = world.clients.map((client) => (client.kind === applied.kind ? { ...client, connected: true } : client));
      return { token: minted(mint), backups: applied.files.flatMap((file) => file.backup ?? []) };
    },
    'clients.undo': ({ kind }) => {
      world.clients = world.clients.map((client) => (client.kind === kind ? { ...client, connected: false } : client));
      return { restored: plan(kind, true).files.map((file) => file.path) };
    },
    'tryout.run': async () => {
      await new Promise((resolve) => setTimeout(resolve, world.tryoutMs));
      return { call_id: callId(1), outcome: 'succeeded', text: 'Hello from the sandbox.' };
    },
    'socket.allow': ({ allow }) => {
      world.status = { ...world.status, socket_may_decide: allow };
      push('status');
      return { socket_may_decide: allow };
    },
    'shell.show_main': () => ({}),
    'shell.resize_approval': () => ({}),
    'shell.hide_approval': () => ({}),
    'shell.copy': () => ({}),
    'shell.choose_directory': () => ({ path: '/home/mira/code/shop' }),
  };
}

/** A gateway that is not one: it parses what goes in and comes out by the contract, as the dispatcher does, and remembers every call. */
export function createFakeBridge(world: FakeWorld): FakeBridge {
  const listeners = new Set<(topic: Topic) => void>();
  const push = (topic: Topic): void => {
    for (const listener of listeners) listener(topic);
  };
  const log: { readonly name: string; readonly input: unknown }[] = [];
  const handlers = createHandlers(world, push);
  const streams = createFakeStreams(world);

  async function answer<Name extends OperationName>(name: Name, input: unknown): Promise<OutputOf<Name>> {
    const parsed = contract[name].input.parse(input) as ParsedInputOf<Name>;
    const output = await handlers[name](parsed);
    return contract[name].output.parse(output) as OutputOf<Name>;
  }

  const bridge: Bridge = {
    async invoke(name, input): Promise<WireResult> {
      log.push({ name, input });
      const known = name as OperationName;
      const failure = world.failures[known];
      if (failure !== undefined) return { ok: false, error: failure };
      try {
        return { ok: true, value: await answer(known, input as InputOf<OperationName>) };
      } catch (error) {
        return { ok: false, error: { code: 'invalid_input', message: error instanceof Error ? error.message : 'failed' } };
      }
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openStream: (_name, _key, onChunk) => streams.open(onChunk),
  };
  return { bridge, world, log, push, print: streams.print };
}

/** What the pages that have no history of their own answer. */
function noPolicyHistory() {
  const version = '4c1f09ab77de';
  const counts = { calls: 0, worked_out: 0, skipped: 0, stricter: 0, looser: 0, sandbox: 0 };
  const unchanged = { ok: true, problems: [], text: policyText, diff: '', before: version, version, rules: 4 };
  return {
    'policy.append_rule': () => unchanged,
    'policy.preview_rule': () => unchanged,
    'policy.replay': () => ({ version, problems: [], recorded: 0, ...counts, changed: [], until: null, next: null }),
    'policy.garden': () => ({ version, problems: [], calls: 0, since: null, is_whole: true, rules: [], suggestions: [] }),
  };
}

export function emptyPolicy(): OutputOf<'policy.get'> {
  return {
    status: {
      file: '/home/mira/.local/share/gatehouse/policy.yaml',
      version: '4c1f09ab77de',
      rules: 4,
      state: 'active',
      loaded_at: ago(14_400),
      problems: [],
    },
    text: policyText,
    rules: [],
    file_version: '4c1f09ab77de',
    held: null,
  };
}
