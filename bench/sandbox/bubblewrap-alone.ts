import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchWorld } from './bench-world.ts';

export interface Alone {
  run(): Promise<void>;
  close(): void;
}

/**
 * The very bubblewrap arguments that the sandbox has just used, on descriptors of the same things, started by Node itself: no launcher, no
 * limits, no checks.
 */
export async function bubblewrapAlone(world: BenchWorld): Promise<Alone> {
  let filter = Buffer.alloc(0);
  await world.sandbox.run(world.command('true', { kind: 'read-only' }), new AbortController().signal, {
    onStarted() {
      const [, seccomp] = world.lastCommand().descriptors;
      filter = readFileSync(`/proc/self/fd/${seccomp?.fd ?? -1}`);
    },
  });
  const { argv } = world.lastCommand();
  const start = argv.findIndex((word) => word.endsWith('/bwrap'));
  const [program, ...options] = argv.slice(start, argv.indexOf('--', start) + 1);
  if (program === undefined) throw new Error('the sandbox did not start bubblewrap');
  const [status, seccomp] = [join(world.root, 'status'), join(world.root, 'seccomp')];
  writeFileSync(seccomp, filter);

  /** What lies behind each descriptor that an option names. */
  const paths = new Map<number, string>();
  options.forEach((word, index) => {
    const [fd, target] = [Number(options[index + 1]), options[index + 2]];
    if (word === '--json-status-fd') paths.set(fd, status);
    if (word === '--seccomp') paths.set(fd, seccomp);
    if (/^--(ro-)?bind-fd$/.test(word)) paths.set(fd, target === world.workspace ? target : join(world.root, 'home'));
  });
  const numbers = Array.from({ length: Math.max(...paths.keys()) - 2 }, (_, index) => index + 3);

  return {
    async run() {
      const fds = numbers.map((number) => openSync(paths.get(number) ?? '/dev/null', paths.get(number) === status ? 'w' : 'r'));
      const child = spawn(program, [...options, '/bin/bash', '-c', 'true'], {
        cwd: '/',
        env: {},
        stdio: ['ignore', 'pipe', 'pipe', ...fds],
      });
      let said = '';
      child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
      child.stdout?.resume();
      const code = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      for (const fd of fds) closeSync(fd);
      if (code !== 0) throw new Error(`bubblewrap alone failed: ${said}`);
    },
    close: () => [status, seccomp].forEach((path) => rmSync(path, { force: true })),
  };
}
