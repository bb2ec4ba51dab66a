import type { Capability } from '../../shared/domain/host.ts';
import type { MachineProbes } from '../core/ports/machine.ts';

/** A machine whose answers a test sets. */
export interface FakeMachine extends MachineProbes {
  set(capability: Capability): void;
}

/** A machine that can enforce everything, until told otherwise. */
export function createFakeMachine(): FakeMachine {
  const good = (id: Capability['id'], title: string): Capability => ({ id, title, status: 'pass', evidence: 'A fake said so.', fix: null });
  const answers = {
    keychain: good('keychain', 'Secrets have a keychain'),
    runtime: good('runtime', 'The runtime is current and official'),
    user: good('user', 'The console runs as an ordinary user'),
  };
  return {
    keychain: async () => answers.keychain,
    runtime: async () => answers.runtime,
    user: async () => answers.user,
    set(capability) {
      const { id } = capability;
      if (id !== 'keychain' && id !== 'runtime' && id !== 'user') throw new Error(`no machine probe answers for ${id}`);
      answers[id] = capability;
    },
  };
}
