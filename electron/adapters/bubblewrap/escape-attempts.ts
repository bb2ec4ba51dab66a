import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import type { SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';

export interface EscapeAttemptsDeps {
  readonly run: (command: SandboxCommand) => Promise<SandboxResult>;
  readonly home: string;
  readonly protectedPaths: readonly string[];
}

const probeProfile = SandboxProfile.parse({ name: 'probe', description: 'For trying the sandbox.', home: 'empty', toolchains: false });

/** What a sandboxed process tries, each line telling how it went; last it waits for the watchdog to have had a look. Words come as arguments, never as text of the script. */
const script = `
outside=$1 port=$2 home=$3; shift 3
echo made > made && echo worked
echo x 2>/dev/null > "$outside/written"
echo x 2>/dev/null > /usr/written
cat "$outside/canary" "$@" 2>/dev/null
ls "$home" >/dev/null 2>&1 && echo "ESCAPE: the home folder is there"
(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && echo "ESCAPE: loopback was reached"
count=0; for process in /proc/[0-9]*; do count=$((count + 1)); done
((count > 8)) && echo "ESCAPE: $count processes are there"
while IFS='=' read -r -d '' name _; do [[ $name == PATH ]] || echo "ESCAPE: the environment holds $name"; done < <(/usr/bin/env -0 | /bin/grep -zvE '^(PWD|SHLVL|_|OLDPWD)=')
tr '\\0' '\\n' < /proc/1/environ | grep -vE '^(_=.*/bwrap|SHLVL=.*)?$' >/dev/null && echo "ESCAPE: bubblewrap's environment is not empty"
unshare -U true 2>/dev/null && echo "ESCAPE: a namespace was made inside"
for entry in /proc/self/fd/*; do ((\${entry##*/} > 2)) && [[ -e $entry && $(readlink "$entry") != /proc/* ]] && echo "ESCAPE: descriptor \${entry##*/} was inherited"; done
sleep 0.1
echo done
`;

/**
 * Runs a real command that tries to get out, and looks for traces: files that should not be there, a secret in its output, hits on a
 * listener. Returns what it managed to do; empty is good. Positive controls make sure that the attempts could have succeeded.
 */
export const attemptEscapes = async ({ run, home, protectedPaths }: EscapeAttemptsDeps): Promise<readonly string[]> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'gatehouse-probe-')));
  const workspace = join(root, 'workspace');
  const secret = randomBytes(16).toString('hex');
  const listener = await listen();
  const canaries: string[] = [];
  try {
    await mkdir(workspace);
    await writeFile(join(root, 'canary'), secret);
    for (const folder of protectedPaths) {
      if (!(await isFolder(folder))) continue;
      const canary = join(folder, `.sandbox-canary-${randomBytes(8).toString('hex')}`);
      canaries.push(canary);
      await writeFile(canary, secret, { mode: 0o600 });
    }
    await touch(listener.port);
    if (listener.hits() !== 1) return ['the test’s own listener could not be reached, so nothing was proven'];

    const words = [root, String(listener.port), home, ...canaries];
    const result = await run({
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
    });
    const lines = result.output.split('\n');
    const found = lines.filter((line) => line.startsWith('ESCAPE: ')).map((line) => line.slice('ESCAPE: '.length));
    if (result.output.includes(secret)) found.push('a file outside the workspace was read');
    if (await isThere(join(root, 'written'))) found.push('a file outside the workspace was written');
    if (listener.hits() !== 1) found.push('a listener on this machine was reached');
    if (!lines.includes('worked') || !lines.includes('done') || !(await isThere(join(workspace, 'made')))) {
      found.push(`the test did not run to its end: ${lines.filter((line) => line !== '').at(-1) ?? JSON.stringify(result.exit)}`);
    }
    return found;
  } finally {
    await listener.close();
    await Promise.all(canaries.map(async (canary) => rm(canary, { force: true })));
    await rm(root, { recursive: true, force: true });
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

interface Listener {
  readonly port: number;
  hits(): number;
  close(): Promise<void>;
}

const listen = async (): Promise<Listener> => {
  let hits = 0;
  const server: Server = createServer((socket) => {
    hits += 1;
    socket.on('error', () => undefined);
    socket.end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    hits: () => hits,
    close: async () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** Connects from outside the sandbox: the positive control. */
const touch = async (port: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.once('close', () => resolve());
  });
