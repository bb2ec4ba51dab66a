import { spawn } from 'node:child_process';
import { isRunAsNodeOff } from './run-as-node-fuse.ts';

/** How a child ended: by itself, at its time limit (killed), or it could not be started. */
export type ChildResult =
  | { readonly kind: 'ended'; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'not_started'; readonly reason: string };

/** Runs a module of ours in a Node process of its own. Never rejects. */
export type RunChild = (
  module: string,
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly timeoutMs: number },
) => Promise<ChildResult>;

const MAX_OUTPUT = 64 * 1024;

/** Runs the module under this process's own Node; under Electron as far as the build lets Electron be a Node. */
export const runNodeChild: RunChild = async (module, args, options) => {
  // With the fuse off, Electron ignores ELECTRON_RUN_AS_NODE and would start the whole application a second time.
  if ('electron' in process.versions && (await isRunAsNodeOff(process.execPath))) {
    return { kind: 'not_started', reason: 'this build of Electron does not run Node programs (its RunAsNode fuse is off)' };
  }
  return await spawned(process.execPath, [module, ...args], options);
};

function spawned(command: string, args: readonly string[], options: Parameters<RunChild>[2]): Promise<ChildResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...options.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout = (stdout + chunk).slice(-MAX_OUTPUT)));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-MAX_OUTPUT)));
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      resolve({ kind: 'timed_out' });
    }, options.timeoutMs);
    child.once('error', (error) => {
      clearTimeout(limit);
      resolve({ kind: 'not_started', reason: error.message });
    });
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ kind: 'ended', code, stdout, stderr });
    });
  });
}
