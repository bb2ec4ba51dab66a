import type { SandboxTrial } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { Sandbox } from '../../core/ports/sandbox.ts';

export interface BareDeps {
  readonly runner: Runner;
  /** The operator's home folder, which commands get as HOME. */
  readonly home: string;
  readonly checkWorkspace: (path: string) => Promise<string>;
}

/**
 * The `Sandbox` port without any isolation, for `safety.bash_sandbox: off` alone. Commands run as the operator, on the real files: there is no
 * layer, so what they change cannot be held or undone, and a process that leaves its group outlives them.
 */
export const createBare = ({ runner, home, checkWorkspace }: BareDeps): Sandbox => {
  const ending = new AbortController();
  const status: SandboxTrial = {
    effective: 'none',
    version: null,
    detail: 'commands run as you, without any isolation: they can read your keys, change any file and reach the network.',
    fix: 'gatehouse config set safety.bash_sandbox auto',
    attempts: [],
  };
  return {
    probe: async () => status,
    status: () => status,
    async run(command, signal, { onOutput, onStarted } = {}) {
      // SECURITY: what was let through for a layer or for reading only is not run on the real files when the sandbox was switched off meanwhile.
      if (command.mount.kind !== 'scratch')
        throw new AppError(
          'forbidden',
          'the sandbox was switched off while this call was under way: call again, and the operator will be asked',
        );
      for (const workspace of command.workspaces) {
        if ((await checkWorkspace(workspace)) !== workspace)
          throw new AppError('forbidden', `the workspace ${workspace} is no longer the folder that it was: check it and mint a new token`);
      }
      const { argv, cwd, env, tty, timeoutMs, outputLimit } = command;
      return runner.run(
        { argv, cwd, env: { ...env, HOME: home }, descriptors: [], tty, timeoutMs, outputLimit },
        AbortSignal.any([signal, ending.signal]),
        {
          ...(onOutput === undefined ? {} : { onOutput }),
          ...(onStarted === undefined ? {} : { onStarted: (handle) => onStarted({ ...handle, openNetwork: async () => null }) }),
        },
      );
    },
    async stop() {
      ending.abort();
    },
  };
};
