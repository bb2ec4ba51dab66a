import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAllowlist } from '../adapters/allowlist/allowlist.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import type { Sandbox, SandboxCommand } from '../core/ports/sandbox.ts';
import { testProfile } from './sandbox-world.ts';

/** A workspace with traps in it, a neighbour with a secret, and the list of programs over it. */
export interface AllowlistWorld {
  readonly root: string;
  readonly workspace: string;
  readonly secret: string;
  readonly list: Sandbox;
  /** Runs a line by the list: what it printed, or the code of the refusal. */
  run(text: string, over?: Partial<SandboxCommand>): Promise<{ readonly output: string; readonly refused: string | null }>;
  /** The same line by a real shell without any fence: the positive control. */
  bare(text: string, cwd?: string): string;
  /** Of every name, link and content, to see what was written. */
  digest(): string;
  /** Puts everything back. */
  reset(): void;
  close(): Promise<void>;
}

export const openAllowlistWorld = async (): Promise<AllowlistWorld> => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'allowlist-test-')));
  const secret = `canary-${root.slice(-6)}-secret`;
  const [workspace, data, home] = ['workspace', 'data', 'home'].map((name) => join(root, name)) as [string, string, string];
  const reset = (): void => {
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
    furnish(root, secret);
  };
  reset();
  const runner = createRunner();
  const files = createFiles({ protectedPaths: [data], home });
  const list = createAllowlist({ runner, protectedPaths: [data], checkWorkspace: files.checkWorkspace });
  await list.probe();
  return {
    root,
    workspace,
    secret,
    list,
    async run(text, over = {}) {
      const command: SandboxCommand = {
        argv: ['/bin/bash', '--noprofile', '--norc', '-c', text],
        cwd: workspace,
        workspaces: [workspace],
        mount: { kind: 'read-only' },
        profile: testProfile,
        env: { PATH: `${workspace}:/usr/bin:/bin`, LD_PRELOAD: '/nothing.so', GREP_OPTIONS: '-R' },
        timeoutMs: 10_000,
        outputLimit: 1_000_000,
        tty: false,
        network: null,
        ...over,
      };
      return list.run(command, new AbortController().signal).then(
        ({ output }) => ({ output, refused: null }),
        (error: unknown) => ({ output: String(error), refused: (error as { code?: string }).code ?? 'bug' }),
      );
    },
    bare(text, cwd = workspace) {
      const env = { PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8', GATEWAY_SECRET: secret };
      const { stdout, stderr } = spawnSync('/bin/bash', ['--noprofile', '--norc', '-c', text], {
        cwd,
        env,
        encoding: 'utf8',
        timeout: 10_000,
      });
      return stdout + stderr;
    },
    digest: () => digestOf(root),
    reset,
    async close() {
      await list.stop();
      await runner.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
};

const furnish = (root: string, secret: string): void => {
  for (const folder of ['workspace/sub', 'neighbour', 'data', 'home']) mkdirSync(join(root, folder), { recursive: true });
  const files: Readonly<Record<string, string>> = {
    'neighbour/canary': `${secret}\n`,
    [`neighbour/${secret}.name`]: 'a name is a secret, too\n',
    'home/canary': `${secret}\n`,
    'data/gatehouse.db': secret,
    'workspace/note.txt': 'alpha one\nalpha one\nbeta two\n',
    'workspace/sub/inner.txt': 'alpha one\ngamma three\n',
    'workspace/sub/canary': 'nothing\n',
    'workspace/two words': 'spaced\n',
    'workspace/names': '../neighbour/canary\n',
    'workspace/names0': '../neighbour/canary\0',
    'workspace/big.txt': Array.from({ length: 20_000 }, (_, index) => `line ${(index * 7919) % 20_000}`).join('\n'),
    'workspace/run.sh': '#!/bin/bash\n/bin/cat ../neighbour/canary\n/usr/bin/touch made\nexec /bin/cat\n',
    'workspace/ls': '#!/bin/bash\n/bin/cat ../neighbour/canary\n',
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
  for (const program of ['run.sh', 'ls']) chmodSync(join(root, 'workspace', program), 0o755);
  symlinkSync('../neighbour/canary', join(root, 'workspace/link'));
  symlinkSync('../neighbour', join(root, 'workspace/dirlink'));
};

const digestOf = (folder: string): string => {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    const stat = lstatSync(path);
    hash.update(`${path}\0${stat.mode}\0`);
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (stat.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (stat.isFile()) hash.update(readFileSync(path));
  };
  visit(folder);
  return hash.digest('hex');
};
