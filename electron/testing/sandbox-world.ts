import { execFileSync } from 'node:child_process';
import { SandboxProfile } from '../../shared/domain/sandbox.ts';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createBubblewrap, type Bubblewrap } from '../adapters/bubblewrap/bubblewrap.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import type { LimitMechanism } from '../adapters/bubblewrap/limits/limits.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { sandboxHome } from '../core/sandbox/sandbox-home.ts';
import type { EgressBridge } from '../core/ports/egress.ts';
import type { SandboxCommand, SandboxEvents, SandboxResult } from '../core/ports/sandbox.ts';

/** The table that is shipped. */
export const seccompTable = fileURLToPath(new URL('../../resources/sandbox/seccomp.yaml', import.meta.url));

/** A real sandbox in a house of its own: a workspace, a neighbour's, a data directory, a home with keys, and listeners that count. */
export interface SandboxWorld {
  readonly root: string;
  readonly workspace: string;
  readonly neighbour: string;
  readonly data: string;
  readonly home: string;
  readonly secret: string;
  readonly sandbox: Bubblewrap;
  bash(
    script: string,
    over?: Partial<SandboxCommand> & { readonly args?: readonly string[]; readonly signal?: AbortSignal; readonly events?: SandboxEvents },
  ): Promise<SandboxResult>;
  /** The same outside of any sandbox: the positive control. */
  bare(script: string, args?: readonly string[]): string;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly findProgram?: (name: string) => Promise<string | null>;
  readonly arch?: string;
  readonly seccompTable?: string;
  readonly bridge?: EgressBridge;
  /** The operator's home; default: one of its own. */
  readonly home?: string;
  /** Default: the best that works here. */
  readonly mechanisms?: readonly LimitMechanism[];
}

export const openSandboxWorld = async (options: WorldOptions = {}): Promise<SandboxWorld> => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-test-')));
  const [workspace, neighbour, data, home] = ['workspace', 'neighbour', 'data', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  const secret = `canary-${root.slice(-6)}-secret`;
  for (const folder of [workspace, neighbour, data, join(home, '.ssh')]) mkdirSync(folder, { recursive: true });
  for (const file of [join(neighbour, 'canary'), join(data, 'gatehouse.db'), join(home, '.ssh/id_ed25519'), join(root, 'canary')])
    writeFileSync(file, secret);
  chmodSync(join(home, '.ssh'), 0o700);

  const runner = createRunner();
  const files = createFiles({ protectedPaths: [data], home });
  const findProgram = options.findProgram ?? createFindProgram('/usr/local/bin:/usr/bin:/bin');
  const sandbox = createBubblewrap({
    runner,
    home: options.home ?? home,
    protectedPaths: [data],
    checkWorkspace: files.checkWorkspace,
    findProgram,
    seccompTable: options.seccompTable ?? seccompTable,
    ...(options.arch === undefined ? {} : { arch: options.arch }),
    stateDir: join(root, 'state'),
    umask: 0o022,
    bridge: options.bridge ?? null,
    ...(options.mechanisms === undefined ? {} : { mechanisms: options.mechanisms }),
  });
  return {
    root,
    workspace,
    neighbour,
    data,
    home,
    secret,
    sandbox,
    bash: async (script, { args = [], signal = new AbortController().signal, events, ...over } = {}) =>
      sandbox.run(
        {
          argv: ['/bin/bash', '--noprofile', '--norc', '-c', script, 'bash', ...args],
          cwd: workspace,
          workspaces: [workspace],
          mount: { kind: 'scratch' },
          profile: testProfile,
          network: null,
          env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: sandboxHome, LANG: 'C.UTF-8' },
          timeoutMs: 15_000,
          outputLimit: 200_000,
          tty: false,
          ...over,
        },
        signal,
        events,
      ),
    bare: (script, args = []) => execFileSync('/bin/bash', ['-c', `exec 2>&1; ${script}`, 'bash', ...args], { cwd: workspace }).toString(),
    async close() {
      await sandbox.stop();
      await runner.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
};

/** With limits so small that reaching them costs nothing. */
export const testProfile: SandboxProfile = SandboxProfile.parse({
  name: 'test',
  description: 'For tests.',
  home: 'empty',
  toolchains: false,
  limits: { processes: 64, memory_mb: 256, tmpfs_mb: 16, disk_mb: 64 },
});

export interface CountingListener {
  hits(): number;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a port of 127.0.0.1, or on a Unix socket (`\0name` for an abstract one), and counts who comes. */
export const openCountingListener = async (where: number | string): Promise<CountingListener> => {
  let hits = 0;
  const server: Server = createServer((socket) => {
    hits += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (typeof where === 'number') server.listen(where, '127.0.0.1', resolve);
    else server.listen(where, resolve);
  });
  const address = server.address();
  return {
    hits: () => hits,
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close: async () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** Bash that writes a byte every 20 ms for as long as it lives. */
export const beat = 'while :; do printf x >> beat; sleep 0.02; done';

/** Whether the beat in a workspace goes on: the oracle for processes that should be gone. */
export const isBeating = async (workspace: string): Promise<boolean> => {
  const size = (): number => statSync(join(workspace, 'beat'), { throwIfNoEntry: false })?.size ?? 0;
  await sleep(150);
  const before = size();
  await sleep(400);
  return size() > before;
};
