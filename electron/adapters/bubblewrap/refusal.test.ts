import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSandboxWorld } from '../../testing/sandbox-world.ts';
import { diagnose, installCommand } from './diagnosis.ts';
import { createFindProgram } from './find-program.ts';
import { outermost } from './workspace-mounts.ts';

/** Help as bubblewrap prints it, for stand-ins. */
const help = '--bind-fd --ro-bind-fd --disable-userns --size --perms --json-status-fd --ro-bind-data --seccomp';

describe('sandbox: never bare', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'refusal-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const standIn = (name: string, body: string): ((program: string) => Promise<string | null>) => {
    const path = join(folder, name);
    writeFileSync(
      path,
      `#!/bin/bash\ncase $1 in --version) echo 'bubblewrap 9.9.9'; exit;; --help) echo '${name === 'old' ? '--bind' : help}'; exit;; esac\n${body}\n`,
    );
    chmodSync(path, 0o755);
    return async () => path;
  };

  /** Probes, then tries to run: the canary is a file in the workspace. */
  const attempt = async (findProgram: (name: string) => Promise<string | null>) => {
    const world = await openSandboxWorld({ findProgram });
    try {
      const before = await world.bash('touch made').catch((error: unknown) => error);
      const status = await world.sandbox.probe();
      const outcome = await world.bash('touch made').then(
        () => 'ran',
        (error: unknown) => error,
      );
      return { before, status, outcome, touched: existsSync(join(world.workspace, 'made')) };
    } finally {
      await world.close();
    }
  };

  it('runs with the real one: the control for what follows', async () => {
    const tried = await attempt(createFindProgram('/usr/bin:/bin'));
    expect(tried.before).toMatchObject({ code: 'unavailable' });
    expect(tried).toMatchObject({ status: { effective: 'bubblewrap' }, outcome: 'ran', touched: true });
  });

  it('F53, F54: refuses without bubblewrap, with the line that installs it', async () => {
    const tried = await attempt(createFindProgram('/nonexistent'));
    expect(tried.status).toMatchObject({
      effective: 'refuse',
      version: null,
      detail: 'bubblewrap is not installed',
      fix: expect.stringContaining('bubblewrap') as string,
    });
    expect(tried).toMatchObject({
      outcome: { code: 'unavailable', message: expect.stringContaining('not installed') as string },
      touched: false,
    });
  });

  it('F57: refuses a bubblewrap that does not confine, because the test command got out', async () => {
    const lying = standIn(
      'lying',
      // It leaves the limits out, too: outside a namespace they would count every process of this user, and stop the test command.
      'while [[ $1 != -- ]]; do [[ $1 == --chdir ]] && cd "$2"; shift; done; shift; [[ $4 == go-ahead ]] && shift 4; exec 3<&- 4>&-; [[ $1 == */prlimit ]] && while [[ $1 != -- ]]; do shift; done; [[ $1 == -- ]] && shift; echo \'{ "exit-code": 0 }\' >&5; exec "$@"',
    );
    const tried = await attempt(lying);
    expect(tried.status).toMatchObject({ effective: 'refuse', detail: expect.stringContaining('was not confined') as string });
    for (const found of ['was read', 'was written', 'loopback', 'processes', 'listener']) expect(tried.status.detail).toContain(found);
    expect(tried).toMatchObject({ outcome: { code: 'unavailable' }, touched: false });
  });

  it('F57: refuses one that is too old, one that fails, one that says nothing and one that hangs', { timeout: 40_000 }, async () => {
    expect((await attempt(standIn('old', 'exit 1'))).status).toMatchObject({
      effective: 'refuse',
      detail: expect.stringContaining('--bind-fd') as string,
    });
    for (const [name, body] of [
      ['failing', 'echo "bwrap: broken" >&2; exit 1'],
      ['silent', 'exit 0'],
      ['hanging', 'sleep 60'],
    ] as const) {
      const tried = await attempt(standIn(name, body));
      expect(tried.status.effective, name).toBe('refuse');
      expect(tried).toMatchObject({ outcome: { code: 'unavailable' }, touched: false });
    }
  });

  it('F54, F57: refuses where user namespaces are off, and names the setting', () => {
    const world = fileURLToPath(new URL('../../testing/sandbox-world.ts', import.meta.url));
    const script = `
      import { existsSync } from 'node:fs';
      import { openSandboxWorld } from ${JSON.stringify(world)};
      const world = await openSandboxWorld();
      const status = await world.sandbox.probe();
      const outcome = await world.bash('touch made').then(() => 'ran', (error) => error.code);
      console.log(JSON.stringify({ status, outcome, touched: existsSync(world.workspace + '/made') }));
      await world.close();`;
    // The setting counts for one user namespace and those below it, so it can be switched off for this process alone.
    const run = (prepare: string): { status: { effective: string; detail: string; fix: string }; outcome: string; touched: boolean } => {
      const program = [process.execPath, '--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
      const result = spawnSync('unshare', ['--user', '--map-root-user', '/bin/bash', '-c', `${prepare}; exec "$@"`, 'bash', ...program]);
      return JSON.parse(result.stdout.toString() || JSON.stringify({ stderr: result.stderr.toString() })) as ReturnType<typeof run>;
    };
    expect(run('true')).toMatchObject({ status: { effective: 'bubblewrap' }, outcome: 'ran', touched: true });
    expect(run('echo 0 > /proc/sys/user/max_user_namespaces')).toMatchObject({
      status: {
        effective: 'refuse',
        detail: expect.stringContaining('user.max_user_namespaces = 0') as string,
        fix: expect.stringContaining('sysctl -w user.max_user_namespaces=') as string,
      },
      outcome: 'unavailable',
      touched: false,
    });
  });
});

describe('sandbox: what to do about it', () => {
  const evidence = { message: 'bwrap: No permissions to create new namespace', isContainer: false, isFiltered: false };
  const only =
    (name: string, value: string) =>
    (asked: string): string | null =>
      asked === name ? value : null;

  it.each([
    ['user/max_user_namespaces', '0', 'user.max_user_namespaces=15000'],
    ['kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
    ['kernel/apparmor_restrict_unprivileged_userns', '1', 'bwrap-userns-restrict'],
  ])('F57: %s = %s is named with its fix', (name, value, fix) => {
    expect(diagnose({ ...evidence, sysctl: only(name, value) }).fix).toContain(fix);
    expect(diagnose({ ...evidence, sysctl: only(name, value) }).detail).toContain(name.replace('/', '.'));
  });

  it('F58: in a container it says how to start that', () => {
    expect(diagnose({ ...evidence, isContainer: true, sysctl: () => null }).fix).toContain('--security-opt');
    expect(diagnose({ ...evidence, sysctl: () => null }).detail).toContain('No permissions');
    expect(
      diagnose({ ...evidence, message: 'bwrap: setuid use of bubblewrap does not support --disable-userns', sysctl: () => null }).fix,
    ).toContain('chmod u-s');
  });

  it('F57: names the package command of the system', () => {
    expect(installCommand('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n')).toBe('sudo apt-get install bubblewrap');
    expect(installCommand('ID=fedora\n')).toContain('dnf');
    expect(installCommand('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n')).toContain('zypper');
    expect(installCommand('')).toContain('package');
  });
});

describe('sandbox: mounts', () => {
  it('mounts no workspace inside another', () => {
    expect(outermost(['/a/b', '/a', '/ab', '/a'])).toEqual(['/a', '/ab']);
  });
});
