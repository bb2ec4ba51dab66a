import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface ProgramRun {
  /** Null when the program was killed, as it is at its time limit. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

// Port 9 (discard) refuses: what a program tries outside loopback (update checks, plugin lists) fails at once, without a look-up.
const NOWHERE = 'http://127.0.0.1:9';

/** HOME and every XDG folder inside `home`, which is all that a program may know of the machine beside PATH. */
export const privateEnvironment = (home: string): Record<string, string> => {
  const folder = (name: string): string => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    HOME: home,
    XDG_CONFIG_HOME: folder('.config'),
    XDG_DATA_HOME: folder('.local/share'),
    XDG_STATE_HOME: folder('.local/state'),
    XDG_CACHE_HOME: folder('.cache'),
    XDG_RUNTIME_DIR: folder('.run'),
    TMPDIR: folder('.tmp'),
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    CI: '1',
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    NO_PROXY: '127.0.0.1,localhost',
  };
};

/** Calls `use` with the caller's home folder, or with a new one that is removed afterwards. */
export const withHome = async <T>(home: string | undefined, use: (home: string) => Promise<T>): Promise<T> => {
  if (home !== undefined) return use(home);
  const made = mkdtempSync(join(tmpdir(), 'gatehouse-agent-'));
  try {
    return await use(made);
  } finally {
    rmSync(made, { recursive: true, force: true, maxRetries: 5 });
  }
};

const killGroup = (leader: number | undefined): void => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Runs a program in its own process group, without standard input. The whole group is killed at the limit, and when the program
 * ends, so that nothing it left behind outlives the test.
 * @throws when the program cannot be started
 */
export const runProgram = (program: Program): Promise<ProgramRun> =>
  new Promise((resolve, reject) => {
    const began = Date.now();
    const child = spawn(program.command, program.args, {
      cwd: program.cwd,
      env: { ...program.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, program.timeoutMs);
    child.once('error', reject);
    child.once('exit', () => killGroup(child.pid));
    child.once('close', (exitCode) => {
      clearTimeout(limit);
      resolve({ exitCode, timedOut, stdout, stderr, durationMs: Date.now() - began });
    });
  });
