import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Places } from './recipe.ts';

const VERSION_LIMIT_MS = 3_000;
const MAX_OUTPUT = 16 * 1024;
/** Where installers put these programs; a desktop session's PATH often lacks them. */
const USUAL_FOLDERS = ['.local/bin', '.claude/local', '.opencode/bin', '.npm-global/bin', '.bun/bin'];
const PASSED_ON = ['PATH', 'LANG', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'];

/** The first program of these names on PATH or where installers put them. */
export function findProgram(names: readonly string[], { home, env }: Places): string | null {
  // SECURITY: a relative entry of PATH would make us run what lies in the current folder.
  const folders = [...(env['PATH'] ?? '').split(':').filter(isAbsolute), ...USUAL_FOLDERS.map((folder) => join(home, folder))];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What `--version` prints as its version, or null when it says none within 3 s. Never rejects. */
export function versionOf(program: string, { home, env }: Places): Promise<string | null> {
  return new Promise((resolve) => {
    const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
    const child = spawn(program, ['--version'], {
      cwd: home,
      env: { ...Object.fromEntries(passed), HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let output = '';
    const settle = (): void => {
      clearTimeout(limit);
      killGroup(child.pid);
      resolve(/\d+\.\d+(?:\.\d+)?[\w.+-]*/.exec(output)?.[0] ?? null);
    };
    const limit = setTimeout(settle, VERSION_LIMIT_MS);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output = (output + chunk).slice(0, MAX_OUTPUT)));
    child.once('error', settle);
    child.once('exit', () => setImmediate(settle));
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group ended by itself.
  }
}
