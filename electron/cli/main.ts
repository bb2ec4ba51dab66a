import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runCommand } from './run-command.ts';
import { verbs } from './verbs.ts';
import type { World } from './world.ts';

/** This file is dist/electron/cli/main.js, in a checkout and in a package alike. */
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const Package = z.object({ version: z.string() });

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
// A reader such as `head` that has seen enough is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  ending.abort();
});

const world: World = {
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
  version: Package.parse(JSON.parse(readFileSync(at('../../../package.json'), 'utf8'))).version,
  stdin: process.stdin,
  stdoutStream: process.stdout,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  signal: ending.signal,
  rendererDir: at('../../renderer'),
  resourcesDir: at('../../../resources'),
  createHost: async (options) => (await import('../compose.ts')).createGatehouse(options),
  openOffline: async (dataDir) => (await import('./open-offline.ts')).openOffline(dataDir, at('../../../resources'), process.env),
};

process.exitCode = await runCommand(process.argv.slice(2), verbs, world);
// A verb has done its work by now; stdin that is still open must not keep the process.
process.stdin.destroy();
