import type { AuditVerification } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Capability, GatewayStatus } from '../../../shared/domain/host.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import type { MachineProbes } from '../../core/ports/machine.ts';
import type { Sandbox } from '../../core/ports/sandbox.ts';
import type { Store } from '../../core/ports/store.ts';
import { sandboxCapability } from '../../core/sandbox/sandbox-capability.ts';
import type { HandlersOf } from '../handler.ts';

export interface StatusHandlerDeps {
  readonly sandbox: Pick<Sandbox, 'probe'>;
  readonly machine: MachineProbes;
  /** Layers, limits and toolchains, as they are after the sandbox was tried; none where they are not known. */
  readonly confinement: () => Promise<readonly Capability[]>;
  readonly store: Pick<Store, 'verify'>;
  readonly status: () => Promise<GatewayStatus>;
  /** Puts the built-in harmless call through the real gateway. */
  readonly tryOut: () => Promise<{ readonly call_id: CallId | null; readonly outcome: string; readonly text: string }>;
}

/** What this machine can enforce, and the call that shows it. */
export function createStatusHandlers(deps: StatusHandlerDeps): HandlersOf<'status.get' | 'doctor.run' | 'tryout.run'> {
  return {
    'status.get': async () => deps.status(),
    'doctor.run': async () => {
      const probes = [
        probeSandbox(deps.sandbox),
        deps.machine.keychain(),
        deps.machine.runtime(),
        deps.machine.user(),
        probeAudit(deps.store),
      ];
      const [sandbox, ...rest] = await Promise.all(probes);
      return { items: [...(sandbox === undefined ? [] : [sandbox]), ...(await deps.confinement()), ...rest] };
    },
    'tryout.run': async () => deps.tryOut(),
  };
}

async function probeSandbox(sandbox: StatusHandlerDeps['sandbox']): Promise<Capability> {
  return sandboxCapability(await sandbox.probe());
}

async function probeAudit(store: StatusHandlerDeps['store']): Promise<Capability> {
  let found: AuditVerification;
  try {
    found = await store.verify();
  } catch (error) {
    // A log that cannot be read is something to report, not a reason to report nothing.
    if (!(error instanceof AppError)) throw error;
    return { id: 'audit', title: 'The audit log is whole', status: 'unknown', evidence: error.message, fix: null };
  }
  const first = found.problems[0];
  return {
    id: 'audit',
    title: 'The audit log is whole',
    status: found.ok ? 'pass' : 'fail',
    evidence:
      first === undefined
        ? `${found.events} events, chained without a break; head ${found.head.hash.slice(0, 12)}.`
        : `${found.problems.length} problems; the first at event ${first.seq}: ${first.kind}.`,
    fix: found.ok ? null : 'gatehouse audit verify --json',
  };
}
