import { z } from 'zod';
import { Approval } from '../domain/approval.ts';
import { AuditEvent, AuditEventType, AuditVerification } from '../domain/audit.ts';
import { CallRecord, CallState } from '../domain/call.ts';
import { ChangeSet, ChangeSetId } from '../domain/change.ts';
import { DecidersStatus, OutsideChannel } from '../domain/deciders.ts';
import { Capability, ClientKind, ConnectPlan, DetectedClient, GatewayStatus } from '../domain/host.ts';
import { AgentName, AgentToken, ApprovalId, CallId, Digest, RequestedScope, Scope, TaskId, TokenId } from '../domain/identity.ts';
import { Grant, GrantBreadth, GrantDuration, GrantId, GrantOffer } from '../domain/grant.ts';
import { Job, JobId } from '../domain/job.ts';
import { Settings } from '../domain/settings.ts';
import { JsonValue } from '../json.ts';
import { command, nothing, query, type Operation } from './operation.ts';
import { policyOperations } from './policy-operations.ts';

const limit = z.number().int().min(1).max(1000).default(200);
const reason = z.string().max(2000);

/** A minted token: the only time that the token itself is shown. */
export const MintedToken = z.strictObject({
  id: TokenId,
  agent: AgentName,
  token: z.string(),
  scopes: z.array(Scope),
  workspaces: z.array(z.string()),
  expires_at: z.string(),
});
export type MintedToken = z.infer<typeof MintedToken>;

export const MintRequest = z.strictObject({
  agent: AgentName,
  scopes: z.array(RequestedScope).min(1),
  ttl: z.string().optional().describe('`30d`, `12h` or `15m`; this or `expiry`.'),
  expiry: z.string().optional().describe('ISO 8601 instant in the future, at most 366 days away.'),
  workspaces: z.array(z.string()).max(50).default([]),
  targets: z.array(z.string()).max(50).default([]),
});
export type MintRequest = z.infer<typeof MintRequest>;

/** A decision on what waits in a change set: all of it, or the named paths. */
const changeDecision = z.strictObject({
  id: ChangeSetId,
  digest: Digest,
  paths: z.array(z.string()).min(1).max(100_000).optional().describe('Absolute; missing: everything that waits.'),
});

const decided = z.strictObject({ id: ApprovalId, state: z.string(), digest: Digest });
const decidedFor = decided.extend({ grant: Grant.nullable(), rule: z.string().nullable().describe('The rule that policy.yaml gained.') });
/** How long a decision counts, and over what; the hash is the one of the offer that was shown. */
const extent = { duration: GrantDuration.default('once'), breadth: GrantBreadth.default('exact'), hash: Digest.optional() };

/**
 * The one table of operator calls. The dispatcher parses input and output by it, for every mount; the renderer's hooks and the
 * command line are derived from it. What is not here does not exist.
 */
export const contract = {
  'status.get': query(nothing, GatewayStatus),
  'panic.trigger': command(
    'read',
    nothing,
    z.strictObject({
      since: z.string(),
      calls: z.number().int(),
      jobs: z.number().int(),
      requests: z.number().int(),
      grants: z.number().int(),
    }),
  ),
  'panic.release': command('decide', nothing, z.strictObject({ since: z.string() })),
  'doctor.run': command('read', nothing, z.strictObject({ items: z.array(Capability) })),

  'approvals.list': query(
    z.strictObject({
      state: z
        .enum(['pending', 'open', 'all'])
        .default('pending')
        .describe('`open`: pending, and those a yes can still be given for the next try.'),
      limit,
    }),
    z.strictObject({ approvals: z.array(Approval) }),
  ),
  'approvals.get': query(z.strictObject({ id: ApprovalId }), Approval),
  'approvals.approve': command(
    'decide',
    z.strictObject({ id: ApprovalId, digest: Digest, reason: reason.default(''), ...extent }),
    decidedFor,
  ),
  'approvals.deny': command(
    'decide',
    z.strictObject({ id: ApprovalId, digest: Digest.optional(), reason: reason.min(1), ...extent }),
    decidedFor,
  ),
  'approvals.offers': query(
    z.strictObject({ id: ApprovalId }),
    z.strictObject({
      offers: z.array(GrantOffer),
      until_quit_is: z.enum(['1h', 'until-quit']).describe('1h where nothing on this machine tells of a locked screen.'),
      why: z.string().nullable(),
    }),
  ),
  'approvals.pregrant': command('decide', z.strictObject({ id: ApprovalId, digest: Digest }), decided),

  'deciders.status': query(nothing, DecidersStatus),
  'deciders.test': command(
    'decide',
    nothing,
    z.strictObject({ results: z.array(z.strictObject({ channel: OutsideChannel, ok: z.boolean(), detail: z.string() })) }),
  ),

  'grants.list': query(nothing, z.strictObject({ grants: z.array(Grant) })),
  'grants.revoke': command('read', z.strictObject({ id: GrantId }), Grant),

  'calls.list': query(
    z.strictObject({ states: z.array(CallState).optional(), agent: AgentName.optional(), before: z.string().optional(), limit }),
    z.strictObject({ calls: z.array(CallRecord) }),
  ),
  'calls.get': query(z.strictObject({ id: CallId }), z.strictObject({ call: CallRecord, events: z.array(AuditEvent) })),
  'calls.stop': command('decide', z.strictObject({ id: CallId }), z.strictObject({ id: CallId, stopped: z.boolean() })),

  'calls.recording': query(
    z.strictObject({ id: CallId }),
    z.strictObject({ cast: z.string().nullable().describe('asciicast v2; null when nothing was printed, or it was let go.') }),
  ),
  'calls.input': command('decide', z.strictObject({ id: CallId, text: z.string().min(1).max(65_536) }), nothing),
  'calls.resize': command(
    'decide',
    z.strictObject({ id: CallId, columns: z.number().int().min(2).max(500), rows: z.number().int().min(2).max(500) }),
    nothing,
  ),
  'jobs.list': query(nothing, z.strictObject({ jobs: z.array(Job) })),
  'jobs.stop': command('decide', z.strictObject({ id: JobId }), Job),

  'changes.list': query(
    z.strictObject({
      state: z.enum(['open', 'all']).default('open').describe('`open`: something in it waits for the operator.'),
      call_id: CallId.optional(),
      task_id: TaskId.optional(),
      limit,
    }),
    z.strictObject({ changes: z.array(ChangeSet) }),
  ),
  'changes.get': query(z.strictObject({ id: ChangeSetId }), ChangeSet),
  'changes.diff': query(
    z.strictObject({ id: ChangeSetId, path: z.string() }),
    z.strictObject({
      path: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      current: z.string().nullable().describe('The real file now.'),
      truncated: z.boolean().describe('A text is cut at 512 KiB, or its content was let go.'),
      is_text: z.boolean(),
    }),
  ),
  'changes.accept': command('decide', changeDecision, ChangeSet),
  'changes.drop': command('decide', changeDecision, ChangeSet),
  'changes.undo': command(
    'decide',
    z.strictObject({ id: ChangeSetId }),
    z.strictObject({ change_set: ChangeSet, refused: z.array(z.strictObject({ path: z.string(), reason: z.string() })) }),
  ),

  'tokens.list': query(
    nothing,
    z.strictObject({ tokens: z.array(AgentToken.extend({ state: z.enum(['active', 'expired', 'revoked']), connected: z.boolean() })) }),
  ),
  'tokens.mint': command('decide', MintRequest, MintedToken),
  'tokens.revoke': command('read', z.strictObject({ id: TokenId }), z.strictObject({ id: TokenId, revoked_at: z.string() })),
  'tokens.rotate': command('decide', z.strictObject({ id: TokenId }), MintedToken),

  'audit.list': query(
    z.strictObject({
      types: z.array(AuditEventType).optional(),
      agent: AgentName.optional(),
      call_id: CallId.optional(),
      text: z.string().max(500).optional(),
      from: z.string().optional(),
      to: z.string().optional(),
      before_seq: z.number().int().positive().optional(),
      after_seq: z.number().int().nonnegative().optional(),
      limit,
    }),
    z.strictObject({ events: z.array(AuditEvent) }),
  ),
  'audit.rows': query(
    z.strictObject({ after_seq: z.number().int().nonnegative(), limit, from: z.string().optional(), to: z.string().optional() }),
    z.strictObject({ rows: z.array(z.strictObject({ seq: z.number().int(), body: z.string(), hash: Digest })) }),
  ),
  'audit.verify': command('read', nothing, AuditVerification),

  ...policyOperations,

  'config.get': query(
    nothing,
    z.strictObject({
      settings: Settings,
      held: Settings.nullable().describe('On a desktop: what another program put on disk, inactive until it is accepted.'),
    }),
  ),
  'config.accept': command('decide', nothing, z.strictObject({ settings: Settings })),
  'config.set': command(
    'decide',
    z.strictObject({ key: z.string(), value: JsonValue }),
    z.strictObject({ key: z.string(), before: JsonValue, after: JsonValue, restart: z.boolean() }),
  ),

  'clients.detect': query(nothing, z.strictObject({ clients: z.array(DetectedClient) })),
  'clients.plan': query(z.strictObject({ kind: ClientKind, disable_own_tools: z.boolean().default(true) }), ConnectPlan),
  'clients.connect': command(
    'decide',
    z.strictObject({ plan: ConnectPlan, mint: MintRequest }),
    z.strictObject({ token: MintedToken, backups: z.array(z.string()) }),
  ),
  'clients.undo': command('decide', z.strictObject({ kind: ClientKind }), z.strictObject({ restored: z.array(z.string()) })),

  'tryout.run': command('decide', nothing, z.strictObject({ call_id: CallId.nullable(), outcome: z.string(), text: z.string() })),

  'console.link': command('decide', nothing, z.strictObject({ url: z.string(), expires_at: z.string() })),

  'socket.allow': command('shell', z.strictObject({ allow: z.boolean() }), z.strictObject({ socket_may_decide: z.boolean() })),
  'shell.show_main': command('shell', z.strictObject({ page: z.string().max(200).default('/') }), nothing),
  'shell.resize_approval': command('shell', z.strictObject({ height: z.number().int().min(120).max(720) }), nothing),
  'shell.hide_approval': command('shell', nothing, nothing),
  'shell.copy': command('shell', z.strictObject({ text: z.string().max(1_000_000) }), nothing),
  'shell.choose_directory': command('shell', nothing, z.strictObject({ path: z.string().nullable() })),
} as const satisfies Record<string, Operation>;

export type Contract = typeof contract;
export type OperationName = keyof Contract;
export type InputOf<Name extends OperationName> = z.input<Contract[Name]['input']>;
export type ParsedInputOf<Name extends OperationName> = z.output<Contract[Name]['input']>;
export type OutputOf<Name extends OperationName> = z.output<Contract[Name]['output']>;

/** What can change. A push says only that it did; the data is fetched again. */
export const topics = [
  'status',
  'approvals',
  'grants',
  'calls',
  'changes',
  'tokens',
  'audit',
  'policy',
  'targets',
  'config',
  'clients',
] as const;
export const Topic = z.enum(topics);
export type Topic = z.infer<typeof Topic>;

/** Every failed operator call answers with this. */
export const WireError = z.strictObject({ code: z.string(), message: z.string() });
export type WireError = z.infer<typeof WireError>;
export type WireResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };
