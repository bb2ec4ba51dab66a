import { randomBytes } from 'node:crypto';
import type { Approval, ApprovalDecision } from '../../shared/domain/approval.ts';
import type { NewAuditEvent } from '../../shared/domain/audit.ts';
import type { CallPreview, CallRecord } from '../../shared/domain/call.ts';
import type { ChangeEntry, ChangeSet, ChangeSetId } from '../../shared/domain/change.ts';
import type { ApprovalId, CallId, TaskId, TokenId } from '../../shared/domain/identity.ts';
import { sha256Hex } from '../core/canonical-json.ts';
import { changeDigest } from '../core/changes/set-state.ts';
import type { StoredTask, StoredToken } from '../core/ports/store.ts';

// Whole records for tests; each takes the few fields that the test is about.

const random = (length: number): string => randomBytes(length).toString('hex').slice(0, length);

export const newTokenId = (): TokenId => `tok_${random(16)}` as TokenId;
export const newCallId = (): CallId => `call_${random(20)}` as CallId;
export const newTaskId = (): TaskId => `task_${random(16)}` as TaskId;
export const newChangeSetId = (): ChangeSetId => `chg_${random(20)}` as ChangeSetId;
export const newApprovalId = (): ApprovalId => `apr_${random(16)}` as ApprovalId;

const TIME = '2026-03-01T12:00:00.000Z';

const PREVIEW: CallPreview = {
  summary: 'run a command',
  command: 'true',
  cwd: '/srv/project',
  paths: [],
  operands: [],
  programs: ['true'],
  runs_unlisted: [],
  unparsed: false,
  diff: null,
};

export const auditEvent = (fields: Partial<NewAuditEvent> = {}): NewAuditEvent => ({
  type: 'execution.started',
  actor: 'agent',
  agent: 'robin',
  token_id: null,
  task_id: null,
  call_id: null,
  data: {},
  ...fields,
});

export function storedToken(fields: Partial<StoredToken['token']> = {}, secret = random(32)): StoredToken {
  const token: StoredToken['token'] = {
    id: newTokenId(),
    agent: 'robin',
    scopes: ['bash:exec'],
    workspaces: ['/srv/project'],
    targets: [],
    created_at: TIME,
    expires_at: '2026-04-01T12:00:00.000Z',
    revoked_at: null,
    last_used_at: null,
    ...fields,
  };
  return { token, hash: sha256Hex(secret) };
}

export const approval = (fields: Partial<Approval> = {}): Approval => ({
  id: newApprovalId(),
  digest: sha256Hex(random(16)),
  call_digest: sha256Hex(random(16)),
  call_id: newCallId(),
  task_id: newTaskId(),
  state: 'pending',
  agent: 'robin',
  tool: 'bash',
  arguments: { command: 'true' },
  target: 'local',
  workspace: '/srv/project',
  risk: 'high',
  rule: 'ask-for-commands',
  reason: 'Commands ask first.',
  policy_version: 'v1',
  preview: PREVIEW,
  created_at: TIME,
  expires_at: '2026-03-01T12:04:30.000Z',
  agent_connected: true,
  next_try_until: null,
  next_try_granted: false,
  decision: null,
  ...fields,
});

export const decision = (fields: Partial<ApprovalDecision> = {}): ApprovalDecision => ({
  result: 'approved',
  by: 'operator',
  channel: 'window',
  at: TIME,
  reason: '',
  ...fields,
});

export const callRecord = (fields: Partial<CallRecord> = {}): CallRecord => ({
  id: newCallId(),
  task_id: null,
  token_id: newTokenId(),
  change_set_id: null,
  agent: 'robin',
  tool: 'bash',
  scope: 'bash:exec',
  risk: 'high',
  target: 'local',
  workspace: '/srv/project',
  arguments: { command: 'true' },
  digest: null,
  preview: PREVIEW,
  verdict: null,
  approval_id: null,
  state: 'waiting',
  outcome: null,
  reason: null,
  received_at: TIME,
  started_at: null,
  finished_at: null,
  output: null,
  ...fields,
});

export const changeEntry = (fields: Partial<ChangeEntry> = {}): ChangeEntry => ({
  workspace: '/srv/project',
  path: `/srv/project/${random(8)}`,
  from: null,
  kind: 'created',
  before: null,
  after: { type: 'file', mode: 0o644, size: 1, sha256: sha256Hex('x') },
  state: 'applied',
  rule: 'builtin:ordinary',
  reason: '',
  is_text: true,
  lines: { added: 1, removed: 0 },
  tools: ['bash'],
  made_by: null,
  ...fields,
});

export function changeSet(fields: Partial<ChangeSet> = {}): ChangeSet {
  const entries = fields.entries ?? [changeEntry()];
  return {
    id: newChangeSetId(),
    digest: changeDigest(entries),
    call_id: newCallId(),
    task_id: newTaskId(),
    agent: 'robin',
    tool: 'bash',
    summary: 'true',
    workspace: '/srv/project',
    state: 'applied',
    entries,
    writers: [],
    undoable: true,
    created_at: TIME,
    decided_at: null,
    ...fields,
  };
}

export const storedTask = (fields: Partial<StoredTask> = {}): StoredTask => ({
  id: newTaskId(),
  token_id: newTokenId(),
  opened_at: TIME,
  last_call_at: TIME,
  closed_at: null,
  ...fields,
});
