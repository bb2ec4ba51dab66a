import { AppError } from '../../../shared/errors.ts';
import type { Operand } from '../../../shared/domain/call.ts';
import type { EgressGate } from '../../core/egress/egress-gate.ts';
import type { OperationExecutor } from '../../core/ports/operation-executor.ts';
import type { Runner } from '../../core/ports/runner.ts';
import { createFindProgram } from './find-program.ts';
import { createGuardedDial } from './guarded-dial.ts';
import { answerRequest } from './network-requests.ts';

export interface LocalOperationsDeps {
  readonly runner: Runner;
  /** Decides and dials (THREATS rule 13). */
  readonly gate: EgressGate;
  /** The same for a host without a port: to look it up, or to ping it. It is asked about port 1. */
  readonly nameGate: EgressGate;
  /** Where programs are looked for, as in the environment. */
  readonly path: string;
  /** Whether agents can write below this place. */
  readonly isAgents: (path: string) => boolean;
  /** Effective user; the default is this process's. */
  readonly uid?: number;
}

/** Operations on this machine: programs by argv, without a shell, with an environment of their own, outside the sandbox. */
export const createLocalOperations = (deps: LocalOperationsDeps): OperationExecutor => {
  const find = createFindProgram(deps);
  const dial = createGuardedDial(deps.gate, deps.nameGate);
  const uid = deps.uid ?? process.geteuid?.() ?? -1;
  const sudo = async (): Promise<Operand | null> => await find('sudo');

  return {
    find,
    rootBy: async () => (uid === 0 ? 'itself' : (await sudo()) === null ? null : 'sudo'),

    async run({ argv, root, timeoutMs, outputLimit }, signal, events) {
      const command = root && uid !== 0 ? [...(await sudoArgv(sudo)), ...argv] : argv;
      return await deps.runner.run(
        { argv: command, env: environment(deps.path), cwd: '/', descriptors: [], tty: false, timeoutMs, outputLimit, umask: 0o022 },
        signal,
        events,
      );
    },

    addresses: async (host, signal) => (await dial.lookUp(host, signal)).map(({ text }) => text),

    request: async (request, { timeoutMs }, signal, events = {}) =>
      await answerRequest(dial, request, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), events),
  };
};

/** SECURITY: `-n`: it never asks for a password, which nobody could give; then it ends and nothing has been done. */
const sudoArgv = async (find: () => Promise<Operand | null>): Promise<readonly string[]> => {
  const program = await find();
  if (program === null) throw new AppError('unavailable', 'it needs root rights, and there is no sudo on this machine');
  return [program.path, '-n', '--'];
};

/** The whole of it; nothing of the gateway's own. */
const environment = (path: string): Readonly<Record<string, string>> => ({
  PATH: path,
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
  DEBIAN_FRONTEND: 'noninteractive',
});
