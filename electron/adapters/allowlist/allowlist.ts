import { access } from 'node:fs/promises';
import type { SandboxTrial } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Sandbox, SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';
import { findPrograms } from './find-programs.ts';
import { runListed, type RunListedDeps } from './run-listed.ts';
import { tryList } from './try-list.ts';

export type AllowlistDeps = Omit<RunListedDeps, 'programs'>;

const refusal = (detail: string, fix: string | null): SandboxTrial => ({
  effective: 'refuse',
  version: null,
  detail,
  fix,
  attempts: [],
});

/**
 * The `Sandbox` port without namespaces: a short list of programs that only read, by argv, each on files that the gateway holds open. It is no
 * isolation, but there is nothing in it that would need one: no interpreter, no shell, no writing, no program that starts another.
 */
export const createAllowlist = (deps: AllowlistDeps): Sandbox => {
  let status = refusal('the list has not been tried yet', null);
  let programs: ReadonlyMap<string, string> = new Map();
  const ending = new AbortController();

  const tryOut = async (): Promise<SandboxTrial> => {
    if (process.platform !== 'linux') return refusal(`nothing runs on ${process.platform}`, 'run the gateway on Linux');
    for (const needed of ['/bin/bash', '/bin/cat', '/usr/bin/prlimit']) {
      if (!(await isThere(needed))) return refusal(`${needed} is missing`, 'install the packages bash, coreutils and util-linux');
    }
    programs = await findPrograms(deps.runner, ending.signal);
    const run = async (command: SandboxCommand): Promise<SandboxResult> => runListed({ ...deps, programs }, command, ending.signal);
    const wrong = await tryList(run);
    if (wrong !== null) return refusal(wrong, 'run `gatehouse doctor` and report what it prints');
    const names = ['pwd', ...programs.keys()].sort().join(', ');
    return {
      ...refusal(`only these programs run, one at a time, on files of the workspace, and none can write: ${names}`, null),
      effective: 'allowlist',
    };
  };

  return {
    async probe() {
      const found = await tryOut().catch((error: unknown) => {
        // SECURITY: whatever goes wrong with the trying, commands are refused.
        return refusal(`the list could not be tried: ${error instanceof Error ? error.message : 'unknown failure'}`, null);
      });
      if (!ending.signal.aborted) status = found;
      return status;
    },
    status: () => status,
    async run(command, signal, events) {
      if (status.effective !== 'allowlist') throw new AppError('unavailable', `commands are refused: ${status.detail}`);
      return runListed({ ...deps, programs }, command, AbortSignal.any([signal, ending.signal]), events);
    },
    async stop() {
      ending.abort();
      status = refusal('the gateway is stopping', null);
    },
  };
};

const isThere = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
