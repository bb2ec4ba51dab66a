import type { Capability, GatewayStatus, SandboxStatus } from '../../../shared/domain/host.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { MachineProbes } from '../ports/machine.ts';
import type { Store } from '../ports/store.ts';
import { confinementCapabilities, profileCapabilities, sandboxCapability, toolchainCapability } from '../sandbox/sandbox-capability.ts';
import type { ProfileProblem } from '../sandbox/sandbox-profiles.ts';

/** An agent counts as connected for this long after its last request: newer protocol revisions keep no connection. Milliseconds. */
const connectedMs = 5 * 60_000;

/** Whether a token has been used lately. */
export function isConnected(token: AgentToken, now: number): boolean {
  return token.revoked_at === null && token.last_used_at !== null && now - Date.parse(token.last_used_at) < connectedMs;
}

export interface StatusDeps {
  readonly store: Pick<Store, 'counts' | 'auditHead' | 'approvals'>;
  readonly clock: Clock;
  readonly machine: MachineProbes;
  readonly sandbox: () => SandboxStatus;
  /** What commands reach. */
  readonly networks: () => Capability;
  /** Names of the toolchains that commands see. */
  readonly toolchains: () => Promise<readonly string[]>;
  /** Whether calls that policy asks about wait for somebody who can answer. */
  readonly approvals: () => Promise<Capability>;
  /** What is wrong with sandbox profiles. */
  readonly profileProblems: () => readonly ProfileProblem[];
  readonly tokens: () => readonly AgentToken[];
  readonly runningCount: () => number;
  readonly closedBecause: () => string | null;
  readonly panicSince: () => string | null;
  readonly lastVerification: () => { readonly at: string; readonly ok: boolean } | null;
  readonly fixed: Pick<GatewayStatus, 'version' | 'data_dir' | 'operator_socket' | 'host'>;
  readonly live: () => Pick<GatewayStatus, 'mcp_url' | 'console_url' | 'socket_may_decide' | 'started_at'>;
}

/** What the status strip and Home show: what is true now, asked anew each time. The machine's probes run once. */
export function createStatus(deps: StatusDeps): () => Promise<GatewayStatus> {
  let probed: Promise<Capability[]> | null = null;

  return async () => {
    probed ??= Promise.all([deps.machine.keychain(), deps.machine.runtime(), deps.machine.user()]);
    const [counts, head, waiting, capabilities, toolchains, approvals] = await Promise.all([
      deps.store.counts(startOfDay(deps.clock.now())),
      deps.store.auditHead(),
      deps.store.approvals({ states: ['pending'], limit: 1000 }),
      probed,
      deps.toolchains(),
      deps.approvals(),
    ]);
    const reason = deps.closedBecause();
    const since = deps.panicSince();
    const verified = deps.lastVerification();
    const now = deps.clock.now();
    const sandbox = deps.sandbox();
    return {
      ...deps.fixed,
      ...deps.live(),
      state: reason === null ? 'running' : 'closed',
      state_reason: reason,
      panic: since === null ? null : { since },
      sandbox,
      audit: { events: head.seq, head: head.hash, verified_at: verified?.at ?? null, ok: verified?.ok ?? null },
      capabilities: [
        approvals,
        sandboxCapability(sandbox),
        ...confinementCapabilities(sandbox),
        deps.networks(),
        toolchainCapability(toolchains),
        ...profileCapabilities(deps.profileProblems()),
        ...capabilities,
      ],
      counts: {
        waiting: waiting.length,
        running: deps.runningCount(),
        agents_connected: deps.tokens().filter((token) => isConnected(token, now)).length,
        calls_today: counts.calls,
        asked_today: counts.asked,
        denied_today: counts.denied,
      },
    };
  };
}

/** Local midnight: "today" is the operator's. */
function startOfDay(now: number): string {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day.toISOString();
}
