import type { OutputOf, ParsedInputOf } from '../../shared/contract/contract.ts';
import type { AuditVerification } from '../../shared/domain/audit.ts';
import type { Store } from '../core/ports/store.ts';

/** What the command line can do with the host stopped: it reads the data directory, and writes nothing there. */
export interface Offline {
  verify(): Promise<AuditVerification>;
  readonly log: Pick<Store, 'auditEvents' | 'auditRows'>;
  checkPolicy(text: string | null): Promise<OutputOf<'policy.check'>>;
  explain(question: ParsedInputOf<'policy.explain'>): Promise<OutputOf<'policy.explain'>>;
  checkTargets(text: string | null): Promise<OutputOf<'targets.check'>>;
  listTargets(): Promise<OutputOf<'targets.list'>>;
  replayPolicy(question: ParsedInputOf<'policy.replay'>): Promise<OutputOf<'policy.replay'>>;
  gardenPolicy(question: ParsedInputOf<'policy.garden'>): Promise<OutputOf<'policy.garden'>>;
  doctor(): Promise<OutputOf<'doctor.run'>>;
  close(): Promise<void>;
}
