// What a host answers the command line, for its tests.

export const digest = 'a'.repeat(64);
export const approvalId = `apr_${'a'.repeat(16)}`;
export const tokenId = `tok_${'b'.repeat(16)}`;
export const minted = {
  id: tokenId,
  agent: 'robot',
  token: 'gth_secret',
  scopes: ['file:read'],
  workspaces: [],
  expires_at: '2026-12-01T00:00:00.000Z',
};
export const whole = { ok: true, events: 3, head: { seq: 3, hash: digest }, anchor: 'none', problems: [] };
export const broken = { ...whole, ok: false, problems: [{ seq: 2, kind: 'hash_mismatch' }] };
export const approval = (state: string, extra = {}) => ({
  id: approvalId,
  digest,
  call_digest: digest,
  call_id: `call_${'c'.repeat(20)}`,
  task_id: `task_${'d'.repeat(16)}`,
  state,
  agent: 'robot',
  tool: 'bash',
  arguments: { command: 'echo \u001b[2J\u202ehidden' },
  target: 'local',
  workspace: '/home/someone/project',
  risk: 'high',
  rule: 'ask-all',
  reason: 'Commands ask.',
  policy_version: 'x',
  preview: {
    summary: 'run a command',
    command: 'echo \u001b[2J\u202ehidden',
    cwd: null,
    paths: [],
    operands: [],
    programs: ['echo'],
    runs_unlisted: [],
    unparsed: false,
    diff: null,
  },
  created_at: '2026-11-23T12:00:00.000Z',
  expires_at: '2026-11-23T12:04:30.000Z',
  agent_connected: true,
  next_try_until: null,
  next_try_granted: false,
  decision: null,
  ...extra,
});
