import type { Verb } from './verb.ts';
import { approvalVerbs } from './verbs/approvals.ts';
import { auditVerbs } from './verbs/audit.ts';
import { changeVerbs } from './verbs/changes.ts';
import { configVerbs } from './verbs/config.ts';
import { connectVerbs } from './verbs/connect.ts';
import { deciderVerbs } from './verbs/deciders.ts';
import { hostVerbs } from './verbs/doctor.ts';
import { grantVerbs } from './verbs/grants.ts';
import { mcpVerb } from './verbs/mcp.ts';
import { panicVerb } from './verbs/panic.ts';
import { policyVerbs } from './verbs/policy.ts';
import { policyHistoryVerbs } from './verbs/policy-history.ts';
import { serveVerb } from './verbs/serve.ts';
import { targetVerbs } from './verbs/targets.ts';
import { tokenVerbs } from './verbs/token.ts';

/** Every verb of the command, in the order of its help. */
export const verbs: readonly Verb[] = [
  serveVerb,
  ...tokenVerbs,
  ...approvalVerbs,
  ...grantVerbs,
  ...deciderVerbs,
  ...changeVerbs,
  panicVerb,
  ...auditVerbs,
  ...policyVerbs,
  ...policyHistoryVerbs,
  ...targetVerbs,
  ...configVerbs,
  ...connectVerbs,
  mcpVerb,
  ...hostVerbs,
];
