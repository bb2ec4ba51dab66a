import { z } from 'zod';
import { EffectiveSandbox, LayerStatus, LimitsReport, SandboxAttempt, SandboxMode } from './sandbox.ts';

/** One thing this machine can or cannot enforce, with what to do about it. */
export const Capability = z.strictObject({
  id: z.enum(['sandbox', 'layers', 'limits', 'network', 'toolchains', 'profiles', 'keychain', 'runtime', 'user', 'audit', 'approvals']),
  title: z.string(),
  status: z.enum(['pass', 'warn', 'fail', 'unknown']),
  evidence: z.string().describe('What was tried and what came back.'),
  fix: z.string().nullable().describe('The one command or step that mends it, or null.'),
});
export type Capability = z.infer<typeof Capability>;

/** What trying one way to run commands came to. */
export const SandboxTrial = z.strictObject({
  effective: EffectiveSandbox,
  version: z.string().nullable(),
  detail: z.string(),
  fix: z.string().nullable(),
  attempts: z
    .array(SandboxAttempt)
    .describe('The escapes that were tried on this machine; empty when it came not so far, or where there is nothing to escape from.'),
});
export type SandboxTrial = z.infer<typeof SandboxTrial>;

/** What commands run in, and why. */
export const SandboxStatus = SandboxTrial.extend({
  mode: SandboxMode.describe('What is asked for.'),
  reason_for_downgrade: z
    .string()
    .nullable()
    .describe('Why commands run in something else than bubblewrap, or not at all; null when they run in it.'),
  layer: LayerStatus.nullable().describe('How changes are kept apart; null until it has been tried.'),
  limits: LimitsReport.nullable().describe('What holds commands to their limits; null until it has been tried.'),
});
export type SandboxStatus = z.infer<typeof SandboxStatus>;

/** What the status strip and Home show. */
export const GatewayStatus = z.strictObject({
  version: z.string(),
  data_dir: z.string(),
  mcp_url: z.string().nullable(),
  operator_socket: z.string(),
  console_url: z.string().nullable(),
  host: z.enum(['desktop', 'headless']),
  state: z.enum(['running', 'closed']).describe('`closed`: the log cannot be written, so no call is taken.'),
  state_reason: z.string().nullable(),
  panic: z.strictObject({ since: z.string() }).nullable().describe('Since when everything is stopped; null while it is not.'),
  sandbox: SandboxStatus,
  audit: z.strictObject({ events: z.number().int(), head: z.string(), verified_at: z.string().nullable(), ok: z.boolean().nullable() }),
  capabilities: z.array(Capability),
  counts: z.strictObject({
    waiting: z.number().int(),
    running: z.number().int(),
    agents_connected: z.number().int(),
    calls_today: z.number().int(),
    asked_today: z.number().int(),
    denied_today: z.number().int(),
  }),
  socket_may_decide: z
    .boolean()
    .describe('Whether the command line may decide, mint and loosen: always when headless, by leave of the window otherwise.'),
  started_at: z.string(),
});
export type GatewayStatus = z.infer<typeof GatewayStatus>;

export const ClientKind = z.enum(['claude-code', 'codex', 'opencode', 'cursor', 'vscode', 'generic']);
export type ClientKind = z.infer<typeof ClientKind>;

/** An agent program found on this machine. */
export const DetectedClient = z.strictObject({
  kind: ClientKind,
  title: z.string(),
  found: z.boolean(),
  version: z.string().nullable(),
  config_path: z.string().nullable(),
  connected: z.boolean().describe('Its configuration already names this gateway.'),
  own_tools: z
    .enum(['on', 'off', 'unknown', 'not_switchable'])
    .describe('Whether its own shell, edit and fetch tools are switched on (they run outside the sandbox).'),
  note: z.string().nullable(),
});
export type DetectedClient = z.infer<typeof DetectedClient>;

/** What connecting a client changes: shown before, applied only if the file is still what was shown. */
export const ConnectPlan = z.strictObject({
  kind: ClientKind,
  title: z.string(),
  commands: z
    .array(z.strictObject({ label: z.string(), command: z.string() }))
    .describe('Copyable steps that do the same by hand; the token shows as $GATEHOUSE_TOKEN.'),
  files: z.array(
    z.strictObject({
      path: z.string(),
      before: z.string().nullable(),
      after: z.string().describe('The token is shown as a placeholder; it is put in when the plan is applied.'),
      backup: z.string().nullable().describe('Where the old file is kept.'),
      sha256_before: z.string().nullable(),
    }),
  ),
  disables_own_tools: z.boolean(),
  can_disable_own_tools: z.boolean(),
  notes: z.array(z.string()),
});
export type ConnectPlan = z.infer<typeof ConnectPlan>;
