import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';

const profile = SandboxProfile.parse({ name: 'probe', description: 'For trying the list.', home: 'empty', toolchains: false });

/** Runs a real command of the list, and some that must be refused. Null when all went as it should, else what did not. */
export const tryList = async (run: (command: SandboxCommand) => Promise<SandboxResult>): Promise<string | null> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'gatehouse-list-')));
  const workspace = join(root, 'workspace');
  const [note, secret] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  try {
    await mkdir(workspace);
    await writeFile(join(workspace, 'note'), note);
    await writeFile(join(root, 'canary'), secret);
    await symlink('../canary', join(workspace, 'link'));
    const attempt = async (text: string): Promise<string> =>
      run({
        argv: ['/bin/bash', '--noprofile', '--norc', '-c', text],
        cwd: workspace,
        workspaces: [workspace],
        mount: { kind: 'scratch' },
        profile,
        env: {},
        timeoutMs: 5000,
        outputLimit: 4096,
        tty: false,
        network: null,
      }).then(
        ({ output }) => output,
        (error: unknown) => {
          if (error instanceof AppError && error.code === 'forbidden') return '';
          throw error;
        },
      );
    if ((await attempt('cat note')) !== note) return 'a test command did not print the file that it was given';
    for (const text of [
      'cat link',
      'cat ../canary',
      `cat ${root}/canary`,
      'grep -r . .',
      'find . -exec cat ../canary ;',
      'cat note; cat ../canary',
    ]) {
      if ((await attempt(text)).includes(secret)) return `a test command was not held back: ${text}`;
    }
    return null;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
