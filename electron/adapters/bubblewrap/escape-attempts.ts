import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SandboxProfile, type SandboxAttempt } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';
import { createAttemptRecord, type AttemptRecord } from './escapes/attempt-record.ts';
import { escapeScript, terminalScript } from './escapes/escape-script.ts';
import { listen, startVictim, touch, type Listener, type Victim } from './escapes/escape-traps.ts';

export interface EscapeAttemptsDeps {
  readonly run: (command: SandboxCommand) => Promise<SandboxResult>;
  readonly runner: Runner;
  readonly home: string;
  readonly protectedPaths: readonly string[];
  /** The number of a system call here. */
  readonly callNumber: (name: string) => number;
}

interface Traps {
  readonly root: string;
  readonly workspace: string;
  readonly secret: string;
  readonly canaries: readonly string[];
  readonly port: Listener;
  readonly sockets: readonly Listener[];
  readonly name: string;
  readonly victim: Victim;
}

const probeProfile = SandboxProfile.parse({ name: 'probe', description: 'For trying the sandbox.', home: 'empty', toolchains: false });

/**
 * Runs real commands that try to get out, and looks for traces: files that should not be there, a secret in their output, hits on
 * listeners, a process that died. Returns each attempt and how it went. Positive controls make sure that the traps work. Canaries are
 * planted in the gateway's own folders only. Errors: `unavailable` when the sandbox could not be set up; throws when a trap could not.
 */
export const attemptEscapes = async (deps: EscapeAttemptsDeps): Promise<SandboxAttempt[]> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'gatehouse-probe-')));
  const open: (() => Promise<void>)[] = [async () => rm(root, { recursive: true, force: true })];
  try {
    const traps = await setTraps(deps, root, open);
    const record = createAttemptRecord();
    if (!(await trapsWork(traps))) {
      record.found('command', 'the test’s own traps did not work, so nothing was proven');
      return record.list();
    }
    // Each has a folder of its own to work in, so they may run side by side.
    await Promise.all([tryScript(deps, traps, record), tryTerminal(deps, traps, record), tryLinks(deps, traps, record)]);
    return record.list();
  } finally {
    for (const close of open.reverse()) await close();
  }
};

const setTraps = async ({ runner, protectedPaths }: EscapeAttemptsDeps, root: string, open: (() => Promise<void>)[]): Promise<Traps> => {
  const secret = randomBytes(16).toString('hex');
  const workspace = join(root, 'workspace');
  for (const folder of ['workspace', 'terminal', 'links', 'elsewhere', 'elsewhere/deeper']) await mkdir(join(root, folder));
  await symlink(join(root, 'elsewhere'), join(root, 'link'));
  await symlink(join(root, 'elsewhere'), join(root, 'links/inner'));
  await writeFile(join(root, 'canary'), `${secret}-beside`);
  const canaries: string[] = [];
  for (const folder of protectedPaths) {
    if (!(await isFolder(folder))) continue;
    const canary = join(folder, `.sandbox-canary-${randomBytes(8).toString('hex')}`);
    open.push(async () => rm(canary, { force: true }));
    await writeFile(canary, `${secret}-data`, { mode: 0o600 });
    canaries.push(canary);
  }
  const opened = async (where: 0 | string): Promise<Listener> => {
    const listener = await listen(where);
    open.push(async () => listener.close());
    return listener;
  };
  const victim = await startVictim(runner);
  open.push(async () => victim.end());
  const name = `gatehouse-probe-${secret.slice(0, 12)}`;
  const sockets = [await opened(join(root, 's')), await opened(`\0${name}`), await opened(join(workspace, 's'))];
  return { root, workspace, secret, canaries, port: await opened(0), sockets, name, victim };
};

/** The positive controls: each trap goes off when it is touched from outside. */
const trapsWork = async ({ root, workspace, port, sockets, name, victim }: Traps): Promise<boolean> => {
  await Promise.all([touch(port.port), touch(join(root, 's')), touch(`\0${name}`), touch(join(workspace, 's'))]);
  await writeFile(join(root, 'link/control'), '');
  return [port, ...sockets].every((each) => each.hits() === 1) && (await isThere(join(root, 'elsewhere/control'))) && victim.isUntouched();
};

const commandIn = (workspace: string, script: string, words: readonly string[], over: Partial<SandboxCommand> = {}): SandboxCommand => ({
  argv: ['/bin/bash', '--noprofile', '--norc', '-c', script, 'probe', ...words],
  cwd: workspace,
  workspaces: [workspace],
  mount: { kind: 'scratch' },
  profile: probeProfile,
  network: null,
  env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  timeoutMs: 10_000,
  outputLimit: 65_536,
  tty: false,
  ...over,
});

const tryScript = async ({ run, home, callNumber }: EscapeAttemptsDeps, traps: Traps, record: AttemptRecord): Promise<void> => {
  const { root, workspace, secret, canaries, port, sockets, name, victim } = traps;
  const numbers = ['keyctl', 'io_uring_setup', 'ptrace'].map((call) => String(callNumber(call)));
  const words = [workspace, root, home, String(port.port), join(root, 's'), name, String(victim.pid), ...numbers, ...canaries];
  const result = await run(commandIn(workspace, escapeScript, words));
  record.read(result.output);
  const beat = join(workspace, 'beat');
  const beatSize = async (): Promise<number> => (await stat(beat).catch(() => ({ size: 0 }))).size;
  // bubblewrap tells of the end a moment before the kernel has ended everything inside; what still lives after a second stays.
  let isBeating = true;
  for (let tries = 0; tries < 8 && isBeating; tries += 1) {
    const before = await beatSize();
    await sleep(120);
    isBeating = (await beatSize()) !== before;
  }
  if (isBeating) record.found('survivors', 'a process in a session of its own went on');

  if (result.output.includes(`${secret}-beside`)) record.found('read-outside', 'a file outside the workspace was read');
  if (result.output.includes(`${secret}-data`)) record.found('read-data', 'a file of the gateway’s was read');
  if (await isThere(join(root, 'written'))) record.found('write-outside', 'a file outside the workspace was written');
  if (port.hits() !== 1) record.found('loopback', 'a listener on this machine was reached');
  if (sockets.some((each) => each.hits() !== 1)) record.found('local-sockets', 'a Unix socket on this machine was reached');
  if (!victim.isUntouched()) record.found('processes', 'a process of the host was stopped');

  const lines = result.output.split('\n');
  const isWhole = ['worked', 'called', 'done'].every((line) => lines.includes(line)) && (await beatSize()) > 0;
  if (!isWhole || !(await isThere(join(workspace, 'made')))) {
    const last = lines.filter((line) => line !== '').at(-1) ?? JSON.stringify(result.exit);
    record.found('command', `the test did not run to its end: ${last.slice(0, 200)}`);
  }
};

const tryTerminal = async ({ run }: EscapeAttemptsDeps, { root }: Traps, record: AttemptRecord): Promise<void> => {
  const { output } = await run(commandIn(join(root, 'terminal'), terminalScript, [], { tty: true }));
  record.read(output);
  if (!/^done\r?$/m.test(output)) record.found('command', `the test in a terminal did not run to its end: ${output.trim().slice(-200)}`);
};

/** Links where workspaces should be: one that is a link, one behind a link, and one in another that was swapped for a link. */
const tryLinks = async ({ run }: EscapeAttemptsDeps, { root }: Traps, record: AttemptRecord): Promise<void> => {
  const folder = join(root, 'links');
  const inner = join(folder, 'inner');
  const attempts = [
    commandIn(join(root, 'link'), 'echo x > planted', []),
    commandIn(join(root, 'link/deeper'), 'echo x > ../planted; echo x > planted', []),
    commandIn(folder, 'echo x > inner/planted', [], { workspaces: [folder, inner] }),
  ];
  for (const attempt of attempts) {
    await run(attempt).catch((error: unknown) => {
      // It may well be refused before it starts.
      if (!(error instanceof AppError && error.code === 'forbidden')) throw error;
    });
  }
  for (const path of ['elsewhere/planted', 'elsewhere/deeper/planted']) {
    if (await isThere(join(root, path))) record.found('planted-links', 'a file was written through a link');
  }
};

const isThere = async (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
