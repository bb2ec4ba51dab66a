import { z } from 'zod';

/** What a token may do. The source documents' scopes plus ours (`bash:exec` and the last five). */
export const scopes = [
  'system:read',
  'system:write',
  'system:admin',
  'network:read',
  'network:diag',
  'container:read',
  'container:write',
  'container:admin',
  'docker:admin',
  'file:read',
  'file:write',
  'security:read',
  'security:scan',
  'security:write',
  'security:admin',
  'bash:exec',
  'web:fetch',
  'browser:drive',
  'ssh:exec',
  'mcp:call',
] as const;
export const Scope = z.enum(scopes);
export type Scope = z.infer<typeof Scope>;

/** Names that stand for several scopes when a token is minted. They are expanded at once and never stored. */
const metaScopes = ['readonly', 'admin'] as const;

export const Risk = z.enum(['low', 'moderate', 'high', 'critical']);
export type Risk = z.infer<typeof Risk>;

/** What may be asked for when a token is minted. */
export const RequestedScope = z.enum([...scopes, ...metaScopes], {
  error: ({ input }) => `${JSON.stringify(input)} is not a scope; known are ${[...scopes, ...metaScopes].join(', ')}`,
});
export type RequestedScope = z.infer<typeof RequestedScope>;

/** Ids are random and carry a prefix that names their kind; nothing is ever derived from what a peer sends. */
export const TokenId = z
  .string()
  .regex(/^tok_[a-z0-9]{16}$/)
  .brand('TokenId');
export type TokenId = z.infer<typeof TokenId>;
export const CallId = z
  .string()
  .regex(/^call_[a-z0-9]{20}$/)
  .brand('CallId');
export type CallId = z.infer<typeof CallId>;
export const TaskId = z
  .string()
  .regex(/^task_[a-z0-9]{16}$/)
  .brand('TaskId');
export type TaskId = z.infer<typeof TaskId>;
export const ApprovalId = z
  .string()
  .regex(/^apr_[a-z0-9]{16}$/)
  .brand('ApprovalId');
export type ApprovalId = z.infer<typeof ApprovalId>;

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand('Digest');
export type Digest = z.infer<typeof Digest>;

/** ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const Timestamp = z.iso.datetime({ precision: 3 });

/** The name an agent goes by: shown to the operator, matched by policy, never trusted for anything else. */
export const AgentName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/,
    'use 1–64 letters, digits, spaces, dots, dashes or underscores, starting with a letter or digit',
  );
export type AgentName = z.infer<typeof AgentName>;

/** A bearer token as it is stored and shown: never the token itself. */
export const AgentToken = z.strictObject({
  id: TokenId,
  agent: AgentName,
  scopes: z.array(Scope),
  workspaces: z.array(z.string()).describe('Absolute, resolved folders; the first is where relative paths start.'),
  targets: z.array(z.string()),
  created_at: Timestamp,
  expires_at: Timestamp,
  revoked_at: Timestamp.nullable(),
  last_used_at: Timestamp.nullable(),
});
export type AgentToken = z.infer<typeof AgentToken>;
