import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Capability } from '../../../shared/domain/host.ts';
import type { MachineProbes } from '../../core/ports/machine.ts';
import { createFakeMachine } from '../../testing/fake-machine.ts';
import { createMachineProbes, type MachineProbesDeps } from './machine-probes.ts';
import { isRunAsNodeOff } from './run-as-node-fuse.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-machine-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Without a display and without a bus: what a bare login has. */
const bare = (): Record<string, string | undefined> => ({ PATH: process.env['PATH'], HOME: folder });
const probes = (more: Partial<MachineProbesDeps> = {}): MachineProbes =>
  createMachineProbes({ dataDir: folder, now: Date.now, env: bare(), runtimeRecord: null, ...more });

interface Keyring {
  readonly env: Record<string, string | undefined>;
  readonly daemon: number;
  lock(): Promise<void>;
  stop(): Promise<void>;
}

/** A session bus and an unlocked gnome-keyring of the test's own. @throws when either is not installed */
async function startKeyring(): Promise<Keyring> {
  const home = join(folder, 'home');
  for (const name of ['.local/share/keyrings', '.cache', '.run']) mkdirSync(join(home, name), { recursive: true, mode: 0o700 });
  const env = { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: join(home, '.run') };
  const script =
    'printf %s pw | gnome-keyring-daemon --daemonize --unlock --components=secrets >/dev/null; ' +
    'echo "{\\"bus\\":\\"$DBUS_SESSION_BUS_ADDRESS\\"}"; ' +
    'while read -r line; do eval "$line"; echo done; done';
  const shell = spawn('dbus-run-session', ['--', 'bash', '-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', () => resolve());
  });
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the keyring session ended: are dbus and gnome-keyring installed?');
    return line.value;
  };
  const run = async (command: string): Promise<string> => {
    shell.stdin.write(`${command}\n`);
    let output = '';
    for (let line = await nextLine(); line !== 'done'; line = await nextLine()) output += line;
    return output;
  };
  const { bus } = JSON.parse(await nextLine()) as { bus: string };
  const owner = 'dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetConnectionUnixProcessID';
  const ownerPid = async (): Promise<number> => Number(/uint32 (\d+)/.exec(await run(`${owner} string:org.freedesktop.secrets 2>&1`))?.[1]);
  let daemon = await ownerPid();
  // The daemon goes to the background before it owns its name on the bus.
  for (let tries = 0; Number.isNaN(daemon) && tries < 100; tries += 1) daemon = await ownerPid();
  return {
    env: { ...env, DBUS_SESSION_BUS_ADDRESS: bus },
    daemon,
    async lock() {
      const service = 'org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock';
      await run(`dbus-send --session --print-reply --dest=${service} array:objpath:/org/freedesktop/secrets/collection/login >/dev/null`);
    },
    async stop() {
      process.kill(daemon, 'SIGKILL');
      shell.stdin.end();
      await ended;
    },
  };
}

describe('the keychain probe, against a real Secret Service', () => {
  let keyring: Keyring;
  beforeEach(async () => {
    keyring = await startKeyring();
  });
  afterEach(async () => {
    await keyring.stop();
  });

  it('passes when an entry can be stored, read back and deleted', async () => {
    expect(await probes({ env: keyring.env }).keychain()).toMatchObject({ id: 'keychain', status: 'pass', fix: null });
  });

  it('says that a locked keychain is locked', async () => {
    await keyring.lock();
    const found = await probes({ env: keyring.env }).keychain();
    expect(found).toMatchObject({ status: 'unknown' });
    expect(found.evidence).toContain('locked');
    expect(found.fix).toContain('Unlock');
  });

  it('is unknown, in time, when the keychain hangs', async () => {
    process.kill(keyring.daemon, 'SIGSTOP');
    const began = Date.now();
    const found = await probes({ env: keyring.env }).keychain();
    expect(found).toMatchObject({ status: 'unknown' });
    expect(found.evidence).toMatch(/does not answer|did not answer/);
    expect(Date.now() - began).toBeLessThan(6_000);
  });
});

describe('the keychain probe, without a Secret Service', () => {
  it('fails with the fix when there is no session bus, and never falls back to the kernel keyring', async () => {
    const found = await probes().keychain();
    expect(found).toMatchObject({ status: 'fail' });
    expect(found.evidence).toContain('Nothing could be stored');
    expect(found.fix).toContain('gnome-keyring');
  });

  it('kills the attempt at its limit when the bus accepts and never answers', async () => {
    const path = join(folder, 'bus');
    const silent: Server = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    try {
      const began = Date.now();
      const found = await probes({ env: { ...bare(), DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` } }).keychain();
      expect(found).toMatchObject({ status: 'unknown' });
      expect(found.evidence).toContain('within 3 s');
      expect(Date.now() - began).toBeLessThan(6_000);
    } finally {
      await new Promise<void>((resolve) => silent.close(() => resolve()));
    }
  });

  it('is unknown with the reason when no child can be started, and when the child says nothing', async () => {
    const refused = probes({ runChild: async () => ({ kind: 'not_started', reason: 'the fuse is off' }) });
    expect(await refused.keychain()).toMatchObject({ status: 'unknown', evidence: 'The keychain was not tried: the fuse is off.' });
    const silent = probes({ runChild: async () => ({ kind: 'ended', code: 1, stdout: '', stderr: 'Error: no such module\n' }) });
    expect((await silent.keychain()).evidence).toContain('no such module');
  });

  it('is tried once for calls that come together, and again later', async () => {
    let tries = 0;
    let now = 1_000;
    const counted = probes({
      now: () => now,
      runChild: async () => {
        tries += 1;
        return { kind: 'ended', code: 0, stdout: '{"ok":true}\n', stderr: '' };
      },
    });
    await Promise.all([counted.keychain(), counted.keychain()]);
    expect(tries).toBe(1);
    now += 31_000;
    await counted.keychain();
    expect(tries).toBe(2);
  });
});

describe('the runtime probe', () => {
  const record = (content: unknown): string => {
    const path = join(folder, 'runtime.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it.each([
    ['a packaged Electron', { node: '24.1.0', electron: '45.4.1' }, null, 'pass'],
    ['the official Electron', { node: '24.1.0', electron: '45.4.1' }, { version: '45.4.1', official: true, wanted: '45.4.1' }, 'pass'],
    ['the stand-in', { node: '20.18.1', electron: '33.2.1' }, { version: '33.2.1', official: false, wanted: '45.4.1' }, 'fail'],
    ['another than recorded', { node: '20.18.1', electron: '33.2.1' }, { version: '45.4.1', official: true, wanted: '45.4.1' }, 'fail'],
    ['a broken record', { node: '24.1.0', electron: '45.4.1' }, { official: 'yes' }, 'unknown'],
    ['headless on a current Node', { node: '24.21.0' }, null, 'pass'],
    ['headless on an old Node', { node: '20.18.1' }, null, 'warn'],
  ])('judges %s', async (_name, versions, written, status) => {
    const found = await probes({ versions, runtimeRecord: written === null ? null : record(written) }).runtime();
    expect(found).toMatchObject({ id: 'runtime', status });
    expect(found.evidence).toContain(versions.node);
    expect(found.fix === null).toBe(status === 'pass');
  });
});

it('warns about root, with what to do, and not about an ordinary user', async () => {
  expect(await probes({ uid: 0 }).user()).toMatchObject({
    id: 'user',
    status: 'warn',
    fix: expect.stringContaining('ordinary user') as string,
  });
  expect(await probes({ uid: 1000 }).user()).toMatchObject({ status: 'pass', fix: null });
});

it.each(['0', '1', 'none'])('reads the RunAsNode fuse from an executable (%s), also across the border of two reads', async (state) => {
  const executable = join(folder, 'electron');
  const wire = state === 'none' ? '' : `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0008${state}1111111`;
  writeFileSync(executable, Buffer.concat([Buffer.alloc(4 * 1024 * 1024 - 10), Buffer.from(wire), Buffer.alloc(1000)]));
  expect(await isRunAsNodeOff(executable)).toBe(state === '0');
});

it.each<readonly [string, () => MachineProbes]>([
  ['real', () => probes()],
  ['fake', createFakeMachine],
])('machine probes contract, %s: each answers one valid capability under its own id', async (_name, open) => {
  const machine = open();
  for (const id of ['keychain', 'runtime', 'user'] as const) {
    const found = await machine[id]();
    expect(Capability.safeParse(found).success).toBe(true);
    expect(found.id).toBe(id);
    if (found.status === 'fail' || found.status === 'warn') expect(found.fix).not.toBeNull();
  }
});
