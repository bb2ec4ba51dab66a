import { Settings } from '../../shared/domain/settings.ts';
import { emptyPolicy } from './fake-bridge.ts';
import type { FakeWorld } from './fake-world.ts';
import * as approvals from './fake-approvals.ts';
import { fakeCall, fakeCalls, fakeEvents } from './fake-calls.ts';
import * as changes from './fake-changes.ts';
import { fakeGrants } from './fake-grants.ts';
import { callId } from './fake-ids.ts';
import { colourful, colourfulCast, jobs, noPrograms, recordedEvents, terminalCall } from './fake-programs.ts';
import { broken, clients, policyText, status, tokens } from './fake-host.ts';

export function quiet(): FakeWorld {
  return {
    status,
    approvals: [],
    grants: [],
    tellsLock: true,
    calls: fakeCalls().filter((call) => call.state === 'finished'),
    changes: [],
    undoRefuses: {},
    programs: noPrograms,
    events: fakeEvents(),
    tokens: [...tokens],
    clients: [...clients],
    settings: Settings.parse({}),
    heldSettings: null,
    policy: emptyPolicy(),
    failures: {},
    tryoutMs: 1500,
  };
}

const counts = { waiting: 0, running: 0, agents_connected: 0, calls_today: 0, asked_today: 0, denied_today: 0 };

const withChanges = (...list: FakeWorld['changes']): FakeWorld => ({ ...quiet(), changes: list });

const with_ = (list: FakeWorld['approvals']): FakeWorld => ({ ...quiet(), approvals: list });

/** The situations in which pages are looked at and tested. */
export const worlds = {
  quiet,
  empty: (): FakeWorld => ({
    ...quiet(),
    calls: [],
    events: fakeEvents().slice(-2),
    tokens: [],
    clients: clients.map((client) => ({ ...client, connected: false })),
    status: { ...status, counts, audit: { ...status.audit, events: 2, verified_at: null, ok: null } },
  }),
  full: (): FakeWorld => ({
    ...quiet(),
    approvals: [approvals.publish(), approvals.write(), approvals.expired(), approvals.denied(), approvals.consumed()],
    grants: fakeGrants(),
    calls: fakeCalls(),
  }),
  reviewed: (): FakeWorld => ({
    ...quiet(),
    changes: changes.fakeChanges(),
    calls: quiet().calls.map((call) => (call.id === callId(1) ? { ...call, change_set_id: changes.changeSetId(2) } : call)),
  }),
  terminal: (): FakeWorld => ({
    ...quiet(),
    calls: [terminalCall(), ...fakeCalls().filter((call) => call.state === 'finished')],
    events: recordedEvents(),
    programs: { jobs: jobs(), cast: colourfulCast(), printed: colourful },
  }),
  wrong: (): FakeWorld => ({
    ...quiet(),
    status: {
      ...status,
      state: 'closed',
      state_reason: 'The audit log cannot be written (no space left on the disk). No call is taken until it can be.',
      sandbox: {
        ...status.sandbox,
        mode: 'always',
        effective: 'refuse',
        detail: broken[0]?.evidence ?? '',
        fix: broken[0]?.fix ?? null,
        reason_for_downgrade: broken[0]?.evidence ?? '',
      },
      capabilities: [...broken],
      audit: { ...status.audit, ok: false },
    },
    policy: {
      ...emptyPolicy(),
      status: {
        ...emptyPolicy().status,
        state: 'last_good',
        problems: [{ line: 9, column: 13, path: 'rules[1].effect', message: 'effect must be allow, ask or deny; found "refuse".' }],
      },
    },
  }),
  unconfined: (): FakeWorld => ({
    ...quiet(),
    status: {
      ...status,
      sandbox: { ...status.sandbox, mode: 'off', effective: 'none', version: null, reason_for_downgrade: 'safety.bash_sandbox is off' },
    },
  }),
  listed: (): FakeWorld => ({
    ...quiet(),
    status: {
      ...status,
      sandbox: {
        ...status.sandbox,
        effective: 'allowlist',
        version: null,
        reason_for_downgrade: 'bubblewrap does not work here: it is not installed',
      },
    },
  }),
  held: (): FakeWorld => ({
    ...quiet(),
    heldSettings: Settings.parse({ server: { allowed_origins: ['https://example.test'] } }),
    policy: {
      ...emptyPolicy(),
      held: { text: `${policyText}\n  - id: anything-goes\n    effect: allow\n    tools: [bash]\n`, version: '99aa01c2de34', problems: [] },
    },
  }),
  hostile: (): FakeWorld => ({
    ...with_([approvals.hostile()]),
    calls: [
      {
        ...fakeCall(1, 20),
        arguments: approvals.hostile().arguments,
        reason: 'a\u202Eb',
        output: { text: '\u001B[31mred\u001B[0m <script>alert(1)</script>\n\u202Eevil', truncated: true, exit_code: 0, bytes: 999_999 },
      },
    ],
  }),
  errors: (): FakeWorld => ({
    ...quiet(),
    failures: Object.fromEntries(
      (
        ['approvals.list', 'calls.list', 'audit.list', 'tokens.list', 'policy.get', 'config.get', 'clients.detect', 'changes.list'] as const
      ).map((name) => [name, { code: 'internal', message: 'The database could not be read. Reference 7f3a91.' }]),
    ),
  }),
  card_simple: (): FakeWorld => with_([approvals.simple()]),
  card_publish: (): FakeWorld => with_([approvals.publish()]),
  card_no_lock: (): FakeWorld => ({ ...with_([approvals.publish()]), tellsLock: false }),
  card_long: (): FakeWorld => with_([approvals.long()]),
  card_hostile: (): FakeWorld => with_([approvals.hostile()]),
  card_write: (): FakeWorld => with_([approvals.write()]),
  card_new_file: (): FakeWorld => with_([approvals.newFile()]),
  card_critical: (): FakeWorld => with_([approvals.critical()]),
  card_queue: (): FakeWorld => with_(approvals.queue()),
  card_left: (): FakeWorld => with_([approvals.agentLeft()]),
  card_expired: (): FakeWorld => with_([approvals.expired()]),
  card_truncated: (): FakeWorld => with_([approvals.truncated()]),
  card_binary: (): FakeWorld => with_([approvals.overBinary()]),
  change_one: (): FakeWorld => withChanges(changes.oneHeld()),
  change_several: (): FakeWorld => withChanges(changes.severalHeld()),
  change_conflict: (): FakeWorld => withChanges(changes.conflicting()),
  change_unreadable: (): FakeWorld => withChanges(changes.unreadable()),
  change_hostile: (): FakeWorld => withChanges(changes.hostileChange()),
  change_long: (): FakeWorld => withChanges(changes.longHeld()),
  change_queue: (): FakeWorld => ({ ...withChanges(changes.severalHeld(), changes.conflicting()), approvals: [approvals.publish()] }),
  card_conflict: (): FakeWorld => ({
    ...with_([approvals.publish()]),
    failures: { 'approvals.approve': { code: 'conflict', message: 'Not approved: this request was denied on the command line 2 s ago.' } },
  }),
} satisfies Record<string, () => FakeWorld>;

export type WorldName = keyof typeof worlds;
