import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../electron/testing/free-port.ts';

const SECOND_START_MS = 3000;
const READY_MS = 30_000;

let scratch = '';
const started: ChildProcess[] = [];
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gatehouse-start-'));
});
afterEach(async () => {
  for (const child of started.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(scratch, { recursive: true, force: true });
});

interface Start {
  readonly child: ChildProcess;
  /** Resolves with the milliseconds since the start when the output matches. */
  readonly shows: (pattern: RegExp) => Promise<number>;
  readonly output: () => string;
}

async function start(env: Record<string, string | undefined>, script = 'scripts/start.mjs', args: string[] = []): Promise<Start> {
  const ports = ['--port', String(await freePort())];
  const began = performance.now();
  const child = spawn(process.execPath, [script, '--data-dir', join(scratch, 'data'), ...ports, ...args], {
    env: { ...process.env, INIT_CWD: scratch, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const shows = async (pattern: RegExp): Promise<number> => {
    while (!pattern.test(output)) {
      if (performance.now() - began > READY_MS || child.exitCode !== null) throw new Error(`never showed ${String(pattern)}:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return performance.now() - began;
  };
  return { child, shows, output: () => output };
}

async function endsWith(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test('npm start with a display: a second start is at the window within three seconds, and ends when it is told to', async () => {
  const { child, shows, output } = await start({});
  expect(await shows(/^Opening the window\.$/m)).toBeLessThan(SECOND_START_MS);
  const window = ['xdotool', 'search', '--sync', '--onlyvisible', '--name', 'Gatehouse'];
  const found = spawnSync('timeout', ['30', ...window], { encoding: 'utf8' });
  expect(found.stdout.trim(), output()).not.toBe('');
  await shows(/^Gatehouse is ready/m);
  if (process.getuid?.() === 0) expect(output()).toContain('Running as root');
  expect(await endsWith(child, 'SIGTERM')).toBe(0);
});

test('npm start without a display prints the link of the console, alone on its line, and ends when it is told to', async () => {
  const { child, shows } = await start({ DISPLAY: undefined, WAYLAND_DISPLAY: undefined }, 'scripts/start.mjs', [
    '--console-port',
    String(await freePort()),
  ]);
  await shows(/^http:\/\/127\.0\.0\.1:\d+\/\S*$/m);
  expect(await endsWith(child, 'SIGTERM')).toBe(0);
});

test('npm start names the step that failed and the one command that mends it', async () => {
  const checkout = join(scratch, 'checkout');
  mkdirSync(checkout);
  for (const part of ['scripts', 'package.json', 'package-lock.json', '.npmrc']) cpSync(part, join(checkout, part), { recursive: true });
  const unreachable = `http://127.0.0.1:${String(await freePort())}/`;
  const env = { HOME: scratch, npm_config_registry: unreachable, npm_config_cache: join(scratch, 'cache'), npm_config_fetch_retries: '0' };
  const { child, shows } = await start(env, join(checkout, 'scripts/start.mjs'));
  const [code] = (await once(child, 'exit')) as [number | null];
  await shows(/✗ Dependencies failed: /);
  await shows(/^ {2}Mend it with: {2}rm -rf node_modules && npm ci$/m);
  expect(code).toBe(1);
});
