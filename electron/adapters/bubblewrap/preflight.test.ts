import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bareHost, ownArchitecture, runFiltered, shippedTable } from '../../testing/filtered-program.ts';
import { openSandboxWorld, type SandboxWorld } from '../../testing/sandbox-world.ts';
import { createFindProgram } from './find-program.ts';
import { seccompProgram } from './seccomp/seccomp-program.ts';

const realBwrap = createFindProgram('/usr/local/bin:/usr/bin:/bin');

describe('preflight: what was tried, and how it went', { timeout: 60_000 }, () => {
  let folder: string;
  const worlds: SandboxWorld[] = [];
  const open = async (options: Parameters<typeof openSandboxWorld>[0] = {}): Promise<SandboxWorld> => {
    const world = await openSandboxWorld(options);
    worlds.push(world);
    return world;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'preflight-test-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    for (const world of worlds.splice(0)) await world.close();
  });

  /** Answers as the real one where that is asked what it can; `body` otherwise. */
  const standIn = (body: string): ((name: string) => Promise<string | null>) => {
    const path = join(folder, 'bwrap');
    const ask = 'case $1 in --version | --help) exec bwrap "$1" ;; esac';
    writeFileSync(path, `#!/bin/bash\nPATH=/usr/local/bin:/usr/bin:/bin\n${ask}\n${body}\n`);
    chmodSync(path, 0o755);
    return async (name) => (name === 'bwrap' ? path : realBwrap(name));
  };

  it('F57: lists every attempt, and that it held, and leaves nothing behind', async () => {
    const world = await open();
    const status = await world.sandbox.probe();
    expect(status).toMatchObject({ effective: 'bubblewrap', fix: null });
    expect(status.attempts.map(({ id }) => id)).toEqual([
      ...['command', 'write-outside', 'read-outside', 'read-keys', 'read-data', 'environment', 'descriptors', 'loopback'],
      ...['local-sockets', 'processes', 'namespaces', 'system-calls', 'terminal', 'planted-links', 'survivors'],
    ]);
    expect(status.attempts.filter(({ ok }) => !ok)).toEqual([]);
    expect(readdirSync(world.data)).toEqual(['gatehouse.db']);
    expect(readdirSync(join(world.home, '.ssh'))).toEqual(['id_ed25519']);
  });

  it('F57: every attempt gets somewhere where nothing confines: the control', async () => {
    const bare = 'while [[ $1 != -- ]]; do [[ $1 == --chdir ]] && cd "$2"; shift; done; shift; export LEFT=over; exec 9</etc/passwd';
    const skipLimits = '[[ $1 == */prlimit ]] && { while [[ $1 != -- ]]; do shift; done; shift; }';
    const world = await open({ findProgram: standIn(`${bare}\n${skipLimits}\necho '{ "exit-code": 0 }' >&3\nexec "$@"`) });
    const status = await world.sandbox.probe();
    expect(status.effective).toBe('refuse');
    const held = status.attempts.filter(({ ok }) => ok).map(({ id }) => id);
    // A whole command is no escape; without a filter, whether a terminal takes text is the kernel's setting.
    expect(held.filter((id) => !['command', 'terminal'].includes(id))).toEqual([]);
    await expect(world.bash('touch made')).rejects.toMatchObject({ code: 'unavailable' });
  });

  const noNamespace = '--unshare-user --unshare-net --unshare-ipc --unshare-uts';
  it.each([
    ['the filter', 'system-calls', '--seccomp) shift 2 ;;'],
    [
      'the namespace of processes',
      'processes',
      `--unshare-all) words+=(${noNamespace}); shift ;; --proc) words+=(--ro-bind /proc /proc); shift 2 ;;`,
    ],
    ['the view of its own', 'read-keys', `--chdir) words+=(--bind ${tmpdir()} ${tmpdir()} --chdir); shift ;;`],
    ['the network of its own', 'loopback', `--unshare-all) words+=(--unshare-user --unshare-pid --unshare-ipc --unshare-uts); shift ;;`],
  ] as const)('F57: notices a bubblewrap that leaves %s out', async (_what, id, instead) => {
    const rewrite = `words=(); while (($#)); do case $1 in ${instead} *) words+=("$1"); shift ;; esac; done; exec bwrap "\${words[@]}"`;
    const world = await open({ findProgram: standIn(rewrite) });
    const status = await world.sandbox.probe();
    expect(status.effective).toBe('refuse');
    expect(status.attempts.find((attempt) => attempt.id === id)).toMatchObject({ ok: false });
  });

  it('F57: refuses on a processor that it has no filter for, and with a table that cannot be read', async () => {
    const strange = await open({ arch: 'riscv64' });
    expect(await strange.sandbox.probe()).toMatchObject({ effective: 'refuse', detail: expect.stringContaining('riscv64') as string });
    const empty = join(folder, 'empty.yaml');
    writeFileSync(empty, 'version: 1\n');
    for (const seccompTable of [empty, join(folder, 'missing.yaml')]) {
      const world = await open({ seccompTable });
      expect(await world.sandbox.probe()).toMatchObject({
        effective: 'refuse',
        detail: expect.stringContaining('could not be tried') as string,
      });
      await expect(world.bash('touch made')).rejects.toMatchObject({ code: 'unavailable' });
      expect(existsSync(join(world.workspace, 'made'))).toBe(false);
    }
  });

  it('F57: goes on working while it is tried again, and stops at once when that fails', async () => {
    let isThere = true;
    const world = await open({ findProgram: async (name) => (isThere ? realBwrap(name) : null) });
    await world.sandbox.probe();
    const again = world.sandbox.probe();
    expect(world.sandbox.status().effective).toBe('bubblewrap');
    expect((await world.bash('echo fine')).output).toBe('fine\n');
    expect((await again).effective).toBe('bubblewrap');

    isThere = false;
    expect((await world.sandbox.probe()).effective).toBe('refuse');
    await expect(world.bash('touch made')).rejects.toMatchObject({ code: 'unavailable' });
    isThere = true;
    await world.sandbox.probe();
    expect((await world.bash('echo fine')).output).toBe('fine\n');
  });
});

describe('preflight: in containers', { timeout: 60_000 }, () => {
  /** What containers refuse by default: whatever makes namespaces or mounts. */
  const containerFilter = (): Uint8Array => {
    const table = shippedTable();
    const news = ['CLONE_NEWNS', 'CLONE_NEWCGROUP', 'CLONE_NEWUTS', 'CLONE_NEWIPC', 'CLONE_NEWUSER', 'CLONE_NEWPID', 'CLONE_NEWNET'];
    const rules = [
      { calls: ['unshare', 'setns', 'mount', 'umount2', 'pivot_root'], answer: 'EPERM', why: 'As containers do.' },
      { calls: ['clone'], when: [{ argument: 0, any_of: news }], answer: 'EPERM', why: 'As containers do.' },
      { calls: ['clone3'], answer: 'ENOSYS', why: 'As containers do.' },
    ];
    return seccompProgram({ table: { ...table, rules }, arch: ownArchitecture(), localSockets: true });
  };

  const probeIn = (filter: Uint8Array | null): unknown => {
    const world = fileURLToPath(new URL('../../testing/sandbox-world.ts', import.meta.url));
    const script = `
      import { existsSync } from 'node:fs';
      import { openSandboxWorld } from ${JSON.stringify(world)};
      const world = await openSandboxWorld();
      const status = await world.sandbox.probe();
      const outcome = await world.bash('touch made').then(() => 'ran', (error) => error.code + ': ' + error.message);
      console.log(JSON.stringify({ status, outcome, touched: existsSync(world.workspace + '/made') }));
      await world.close();`;
    const node = [process.execPath, '--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
    const { output } = runFiltered(filter, node, bareHost);
    return JSON.parse(output.startsWith('{') ? output : JSON.stringify({ output }));
  };

  it('F58: fails closed and explains where a filter of system calls blocks user namespaces', () => {
    expect(probeIn(null)).toMatchObject({ status: { effective: 'bubblewrap' }, outcome: 'ran', touched: true });
    expect(probeIn(containerFilter())).toMatchObject({
      status: {
        effective: 'refuse',
        detail: expect.stringMatching(/filter of system calls on the gateway itself.*namespace/s) as string,
        fix: expect.stringContaining('--security-opt seccomp=unconfined') as string,
        attempts: [],
      },
      outcome: expect.stringMatching(/^unavailable: .*To mend it: /s) as string,
      touched: false,
    });
  });
});
