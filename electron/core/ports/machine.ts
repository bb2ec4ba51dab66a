import type { Capability, ClientKind, ConnectPlan, DetectedClient } from '../../../shared/domain/host.ts';

/** What this machine can enforce, tried and not assumed. Every probe has a time limit; one that could not run answers `unknown`. */
export interface MachineProbes {
  keychain(): Promise<Capability>;
  runtime(): Promise<Capability>;
  user(): Promise<Capability>;
}

/** The agent programs on this machine and their configuration files. */
export interface AgentClients {
  detect(mcpUrl: string): Promise<readonly DetectedClient[]>;
  plan(kind: ClientKind, options: { readonly mcpUrl: string; readonly disableOwnTools: boolean }): Promise<ConnectPlan>;
  /** Writes the plan's files with the token put in, after backing up what was there. Errors: `conflict` when a file changed since the plan. */
  apply(plan: ConnectPlan, token: string): Promise<{ readonly backups: readonly string[] }>;
  /** Puts the newest backup of each file back. */
  undo(kind: ClientKind): Promise<{ readonly restored: readonly string[] }>;
}
