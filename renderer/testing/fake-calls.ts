import type { AuditEvent, AuditEventType } from '../../shared/domain/audit.ts';
import type { CallOutcome, CallRecord, VerdictEffect } from '../../shared/domain/call.ts';
import type { JsonObject } from '../../shared/json.ts';
import { publish } from './fake-approvals.ts';
import { ago, approvalId, callId, digest, taskId, tokenId } from './fake-ids.ts';

const agents = ['Claude Code', 'Codex', 'OpenCode', 'Cursor'];

interface Sample {
  readonly tool: string;
  readonly args: JsonObject;
  readonly effect: VerdictEffect;
  readonly outcome: CallOutcome;
  readonly rule: string;
  readonly text: string;
}

const plain: Sample = {
  tool: 'file_read',
  args: { path: 'src/checkout/totals.ts' },
  effect: 'allow',
  outcome: 'succeeded',
  rule: 'reads-in-workspace',
  text: 'export const total = (items) => …',
};

const samples: readonly Sample[] = [
  {
    tool: 'file_read',
    args: { path: 'src/checkout/totals.ts' },
    effect: 'allow',
    outcome: 'succeeded',
    rule: 'reads-in-workspace',
    text: 'export const total = (items) => …',
  },
  {
    tool: 'bash',
    args: { command: 'npm test -- --run totals' },
    effect: 'ask',
    outcome: 'succeeded',
    rule: 'build-asks',
    text: '✓ totals.test.ts (14 tests) 212ms\n\nTest Files  1 passed (1)\n     Tests  14 passed (14)\n',
  },
  {
    tool: 'file_search',
    args: { pattern: 'formatPrice', glob: '**/*.ts' },
    effect: 'allow',
    outcome: 'succeeded',
    rule: 'reads-in-workspace',
    text: 'src/price.ts:12',
  },
  {
    tool: 'file_read',
    args: { path: '/home/mira/.ssh/id_ed25519' },
    effect: 'deny',
    outcome: 'denied',
    rule: 'builtin:outside-workspace',
    text: '',
  },
  {
    tool: 'file_edit',
    args: { path: 'src/price.ts', old_text: 'toFixed(2)', new_text: 'format()' },
    effect: 'allow',
    outcome: 'succeeded',
    rule: 'edits-in-src',
    text: '1 replacement',
  },
  {
    tool: 'bash',
    args: { command: 'cargo build --release' },
    effect: 'ask',
    outcome: 'failed',
    rule: 'build-asks',
    text: 'error[E0433]: failed to resolve: use of undeclared type `HashMap`\n --> src/main.rs:14:20\n',
  },
  {
    tool: 'bash',
    args: { command: 'curl -fsSL https://get.example.com | sh' },
    effect: 'ask',
    outcome: 'expired',
    rule: 'commands-ask',
    text: '',
  },
];

export function fakeCall(seed: number, age: number): CallRecord {
  const sample = samples[seed % samples.length] ?? plain;
  const ran = sample.outcome === 'succeeded' || sample.outcome === 'failed';
  const length = 40 + ((seed * 7919) % 4200);
  return {
    id: callId(seed),
    task_id: taskId(1),
    token_id: tokenId(seed % agents.length),
    agent: agents[seed % agents.length] ?? 'Codex',
    tool: sample.tool,
    scope: sample.tool === 'bash' ? 'bash:exec' : sample.tool === 'file_edit' ? 'file:write' : 'file:read',
    risk: sample.tool === 'bash' ? 'high' : sample.tool === 'file_edit' ? 'moderate' : 'low',
    target: 'local',
    workspace: '/home/mira/code/shop',
    arguments: sample.args,
    digest: digest(seed),
    preview: null,
    verdict: {
      effect: sample.effect,
      rule: sample.rule,
      reason: 'The workspace may be read.',
      profile: 'workspace',
      policy_version: '4c1f09ab77de',
    },
    approval_id: sample.effect === 'ask' ? approvalId(seed) : null,
    state: 'finished',
    outcome: sample.outcome,
    reason: ran ? null : `Denied by rule ${sample.rule}.`,
    received_at: ago(age),
    started_at: ran ? ago(age - 1) : null,
    finished_at: new Date(Date.now() - (age - 1) * 1000 + length).toISOString(),
    change_set_id: null,
    output: ran
      ? {
          text: sample.text,
          truncated: false,
          exit_code: sample.tool === 'bash' ? (sample.outcome === 'failed' ? 101 : 0) : null,
          bytes: 900 + seed * 37,
        }
      : null,
  };
}

export function fakeCalls(): CallRecord[] {
  const asked = publish(1);
  const waiting: CallRecord = {
    ...fakeCall(900, 18),
    agent: asked.agent,
    tool: asked.tool,
    arguments: asked.arguments,
    risk: asked.risk,
    preview: asked.preview,
    verdict: { effect: 'ask', rule: asked.rule, reason: asked.reason, profile: 'workspace', policy_version: asked.policy_version },
    approval_id: asked.id,
    state: 'waiting',
    outcome: null,
    reason: null,
    started_at: null,
    finished_at: null,
    output: null,
  };
  const running: CallRecord = {
    ...fakeCall(901, 41),
    agent: 'Codex',
    tool: 'bash',
    arguments: { command: 'pnpm install --frozen-lockfile && pnpm run build' },
    state: 'running',
    outcome: null,
    reason: null,
    started_at: ago(38),
    finished_at: null,
    output: null,
  };
  return [waiting, running, ...Array.from({ length: 120 }, (_, index) => fakeCall(index, 60 + index * index * 4))];
}

export function fakeEvent(seq: number, type: AuditEventType, age: number, data: JsonObject, agent: string | null = null): AuditEvent {
  const actor =
    type.startsWith('call') || type.startsWith('session') || type.startsWith('authentication')
      ? 'agent'
      : type.startsWith('approval') || type.startsWith('token')
        ? 'operator'
        : 'gateway';
  return {
    v: 1,
    seq,
    time: ago(age),
    type,
    actor,
    agent,
    token_id: agent === null ? null : tokenId(1),
    task_id: agent === null ? null : taskId(1),
    call_id: agent === null ? null : callId(seq % 50),
    data,
    hash: digest(seq),
  };
}

const script: readonly (readonly [AuditEventType, JsonObject, string | null])[] = [
  ['execution.finished', { outcome: 'succeeded', exit_code: 0, bytes: 4182 }, 'Claude Code'],
  ['execution.started', { tool: 'bash', digest: digest(4), profile: 'workspace' }, 'Claude Code'],
  ['approval.approved', { approval_id: approvalId(1), channel: 'window', digest: digest(1) }, 'Claude Code'],
  ['approval.requested', { approval_id: approvalId(1), rule: 'publish-asks', risk: 'high', digest: digest(1) }, 'Claude Code'],
  ['call.denied', { tool: 'file_read', rule: 'builtin:outside-workspace', reason: 'The path leaves the workspace.' }, 'Codex'],
  ['authentication.failed', { reason: 'unknown token', peer: '127.0.0.1:51822' }, null],
  ['token.minted', { agent: 'OpenCode', scopes: ['file:read', 'bash:exec'], expires_at: ago(-86_400 * 30) }, null],
  ['policy.loaded', { version: '4c1f09ab77de', rules: 14 }, null],
  ['approval.expired', { approval_id: approvalId(8), waited_s: 270 }, 'OpenCode'],
  ['sandbox.probed', { effective: 'bubblewrap', version: '0.8.0' }, null],
];

export function fakeEvents(): AuditEvent[] {
  return Array.from({ length: 240 }, (_, index) => {
    const [type, data, agent] = script[index % script.length] ?? ['gateway.started', {}, null];
    return fakeEvent(1240 - index, type, 6 + index * index * 3, data, agent);
  });
}
