import type { Handlers } from './handler.ts';
import { createAgentHandlers, type AgentHandlerDeps } from './handlers/agents.ts';
import { createApprovalHandlers, type ApprovalHandlerDeps } from './handlers/approvals.ts';
import { createAuditHandlers, type AuditHandlerDeps } from './handlers/audit.ts';
import { createChangeHandlers, type ChangeHandlerDeps } from './handlers/changes.ts';
import { createClientHandlers, type ClientHandlerDeps } from './handlers/clients.ts';
import { createConfigHandlers, type ConfigHandlerDeps } from './handlers/config.ts';
import { createDeciderHandlers, type DeciderHandlerDeps } from './handlers/deciders.ts';
import { createPanicHandlers, type PanicHandlerDeps } from './handlers/panic.ts';
import { createPolicyHandlers, type PolicyHandlerDeps } from './handlers/policy.ts';
import { createProgramHandlers, type ProgramHandlerDeps } from './handlers/programs.ts';
import { createShellHandlers, type ShellHandlerDeps } from './handlers/shell.ts';
import { createStatusHandlers, type StatusHandlerDeps } from './handlers/status.ts';
import { createTargetHandlers, type TargetHandlerDeps } from './handlers/targets.ts';

export type HandlerDeps = AgentHandlerDeps &
  ApprovalHandlerDeps &
  AuditHandlerDeps &
  ChangeHandlerDeps &
  ClientHandlerDeps &
  ConfigHandlerDeps &
  DeciderHandlerDeps &
  PanicHandlerDeps &
  PolicyHandlerDeps &
  ProgramHandlerDeps &
  ShellHandlerDeps &
  StatusHandlerDeps &
  TargetHandlerDeps;

/** Every operation of the contract over the core services. The type refuses a contract with an operation that nobody serves. */
export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    ...createStatusHandlers(deps),
    ...createApprovalHandlers(deps),
    ...createChangeHandlers(deps),
    ...createAgentHandlers(deps),
    ...createAuditHandlers(deps),
    ...createPanicHandlers(deps),
    ...createPolicyHandlers(deps),
    ...createTargetHandlers(deps),
    ...createProgramHandlers(deps),
    ...createConfigHandlers(deps),
    ...createDeciderHandlers(deps),
    ...createClientHandlers(deps),
    ...createShellHandlers(deps),
  };
}
