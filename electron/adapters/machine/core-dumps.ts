import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface CoreDumpsResult {
  /** Whether no core dump of the process, or of what it starts from now on, can be written: checked, not assumed. */
  readonly disabled: boolean;
  readonly detail: string;
}

const prlimitMs = 3000;

/**
 * Sets RLIMIT_CORE of this process to 0, soft and hard, so that no crash writes its memory, which holds secrets, to disk. Call it first thing:
 * children inherit it, and processes that run already do not. Never rejects: what failed is told.
 */
export const disableCoreDumps = async (prlimit = '/usr/bin/prlimit'): Promise<CoreDumpsResult> => {
  if (process.platform !== 'linux') return { disabled: false, detail: `core dumps are not switched off on ${process.platform}` };
  // Node has no setrlimit; a process may change another one's limits downwards.
  const failure = await run(prlimit, ['--core=0:0', '--pid', String(process.pid)]);
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const disabled = /^Max core file size +0 +0 /m.test(limits);
  return disabled
    ? { disabled, detail: 'no core dump of the gateway can be written (RLIMIT_CORE is 0)' }
    : { disabled, detail: `core dumps of the gateway could not be switched off: ${failure ?? 'the limit did not change'}` };
};

/** Runs to the end; null, or what went wrong. */
const run = async (program: string, args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'], timeout: prlimitMs, killSignal: 'SIGKILL' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-500)));
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? null : said.trim() || `prlimit ended with ${code ?? signal}`));
  });
