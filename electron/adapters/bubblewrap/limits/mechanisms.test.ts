import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import { openRealRunner } from '../../../testing/real-runner.ts';
import { countersFrom } from './control-group.ts';
import { groupPlans } from './group-plan.ts';
import { createLimits } from './limits.ts';
import { ownGroups } from './own-groups.ts';
import { hardLimits, prlimitArgv } from './prlimit.ts';

const limits = SandboxLimits.parse({});

describe('limits: prlimit', () => {
  const hard = hardLimits(
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 2000                 files     \nMax processes             unlimited            unlimited            processes \n',
  );

  it('never asks for more than the hard limits allow', () => {
    const argv = prlimitArgv(limits, hard, false);
    expect(argv).toEqual(expect.arrayContaining(['--nofile=2000:2000', '--nproc=520:520', '--core=0:0', '--cpu=3600:3600']));
  });

  it('leaves to a control group what that counts for all processes together', () => {
    const argv = prlimitArgv(limits, hard, true).join(' ');
    expect(argv).not.toMatch(/nproc|data/);
    expect(argv).toMatch(/--core=0:0.*--fsize=4294967296:4294967296/);
  });
});

describe('limits: where control groups lie', () => {
  it('reads version 1 and 2 side by side', () => {
    const cgroup = '5:memory:/a/b\n4:pids:/\n3:cpu,cpuacct:/x\n0::/user.slice/user-1000.slice/session-2.scope\n';
    const mountinfo = [
      '30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '31 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
      '32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '33 24 0:29 / /sys/fs/cgroup/uni\\040fied rw shared:4 - cgroup2 cgroup2 rw',
    ].join('\n');
    const own = ownGroups(cgroup, mountinfo);
    expect([...own.v1]).toEqual([
      ['memory', '/sys/fs/cgroup/memory/a/b'],
      ['pids', '/sys/fs/cgroup/pids'],
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct/x'],
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct/x'],
    ]);
    expect(own.v2).toBe('/sys/fs/cgroup/uni fied/user.slice/user-1000.slice/session-2.scope');
    expect(groupPlans(own).map(({ version }) => version)).toEqual(['cgroup-v2', 'cgroup-v2', 'cgroup-v1']);
  });

  it('in a container: takes the mounted part only, and nothing that lies outside of it', () => {
    const mount = (root: string): string => `30 24 0:26 ${root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw`;
    expect(ownGroups('0::/docker/abc\n', mount('/docker/abc')).v2).toBe('/sys/fs/cgroup');
    expect(ownGroups('0::/docker/abc/in\n', mount('/docker/abc')).v2).toBe('/sys/fs/cgroup/in');
    expect(ownGroups('0::/docker/abcd\n', mount('/docker/abc')).v2).toBeNull();
    expect(ownGroups('0::/../other\n', mount('/')).v2).toBeNull();
    expect(ownGroups('', '')).toEqual({ v1: new Map(), v2: null });
    expect(groupPlans(ownGroups('', ''))).toEqual([]);
  });

  it('asks version 2 for memory, swap, processes and processor time', () => {
    const [plan] = groupPlans({ v1: new Map(), v2: '/group' });
    const [folder] = plan?.folders(SandboxLimits.parse({ memory_mb: 100, processes: 20, cpu_percent: 150 })) ?? [];
    expect(folder?.settings.map(({ file, value }) => `${file} ${value}`)).toEqual([
      'memory.max 104857600',
      'memory.swap.max 0',
      'memory.oom.group 1',
      'pids.max 28',
      'cpu.max 150000 100000',
    ]);
  });

  it('reads what the kernel counted', () => {
    expect(countersFrom('12\n', 'low 0\nmax 3\noom 1\noom_kill 0\n')).toEqual({ processes: 12, isMemoryOver: false });
    expect(countersFrom('1\n', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n')).toEqual({ processes: 1, isMemoryOver: true });
  });
});

describe('limits: a scope of the user’s systemd', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scope-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const withSystemdRun = async (body: string): Promise<{ readonly mechanism: string; readonly asked: string }> => {
    const program = join(folder, 'systemd-run');
    writeFileSync(program, `#!/bin/bash\necho "$*" "$XDG_RUNTIME_DIR" > ${folder}/asked\n${body}\n`);
    chmodSync(program, 0o755);
    const runner = openRealRunner();
    const found = createLimits({
      runner,
      findProgram: async () => program,
      runtimeDir: '/run/user/1000',
      mechanisms: ['systemd-scope', 'prlimit'],
    });
    const { mechanism } = await found.probe();
    await found.stop();
    await runner.stop();
    return { mechanism, asked: readFileSync(join(folder, 'asked'), 'utf8') };
  };

  it('is not used where it only seems to work: no limits in force, an error, another scope', async () => {
    // Runs the trial outside of any scope, as a systemd without control over memory would.
    const bare = await withSystemdRun('while [[ $1 != -- ]]; do shift; done; shift; exec "$@"');
    expect(bare.mechanism).toBe('prlimit');
    expect(bare.asked).toMatch(
      /--user --scope .*MemoryMax=63963136 .*TasksMax=45 .*CPUQuota=400% -- \/usr\/bin\/env -i .*\/run\/user\/1000/,
    );
    expect((await withSystemdRun('echo "Failed to connect to bus" >&2; exit 1')).mechanism).toBe('prlimit');
    expect((await withSystemdRun('printf "63963136\\n45\\n/user.slice/other.scope\\n"')).mechanism).toBe('prlimit');
  });

  it('is used where the limits are in force in the scope that was asked for', async () => {
    const scope = await withSystemdRun(
      'for word; do [[ $word == --unit=* ]] && unit=${word#--unit=}; done; printf "63963136\\n45\\n/user.slice/%s\\n" "$unit"',
    );
    expect(scope.mechanism).toBe('systemd-scope');
  });
});
