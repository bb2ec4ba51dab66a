import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SandboxLimits, type LimitsReport } from '../../../../shared/domain/sandbox.ts';
import type { Runner, RunnerResult } from '../../../core/ports/runner.ts';
import { beginningOf, makeControlGroup, removeStaleGroups, type ControlGroup } from './control-group.ts';
import { groupPlans, type GroupPlan } from './group-plan.ts';
import { ownGroups } from './own-groups.ts';
import { prlimitArgv, readHardLimits } from './prlimit.ts';
import { isScopeWorking, scopeArgv, scopeCounters, scopeEnvironment, scopeTrial, type ScopeDeps } from './systemd-scope.ts';
import { startWatchdog, type Watch, type WatchdogDeps } from './watchdog.ts';

export type LimitMechanism = LimitsReport['mechanism'];

export interface LimitsDeps {
  readonly runner: Runner;
  readonly findProgram: (name: string) => Promise<string | null>;
  /** XDG_RUNTIME_DIR of the gateway; null: there is no systemd of the user's. */
  readonly runtimeDir: string | null;
  /** Which may be used, for tests; default: all, best first. */
  readonly mechanisms?: readonly LimitMechanism[];
}

/** One command's limits, ready to hold it from before its first instruction. */
export interface PreparedLimits {
  /** Comes before bubblewrap. */
  readonly outside: readonly string[];
  /** The environment of what is started; the sandbox's own is given to bubblewrap by arguments. */
  readonly env: Readonly<Record<string, string>>;
  /** For `RunnerCommand.groups`. */
  readonly groups: readonly string[];
  /** Comes before the command, inside. */
  readonly inside: readonly string[];
  /** Call it as soon as the program has started, and stop it when it has ended. */
  watch(options: Pick<WatchdogDeps, 'pid' | 'disk' | 'kill'>): Watch;
  /** Removes what was made. It answers at once; the removing waits for the last process to be gone. */
  release(): void;
}

export interface Limits {
  /** Chooses the best mechanism that really works here; call it at start and on demand. */
  probe(): Promise<LimitsReport>;
  report(): LimitsReport;
  prepare(limits: SandboxLimits): Promise<PreparedLimits>;
  /** Waits until everything made is removed, for a few seconds; the next start removes the rest. */
  stop(): Promise<void>;
}

type Chosen =
  | { readonly kind: 'systemd-scope'; readonly scope: ScopeDeps }
  | { readonly kind: 'cgroup'; readonly plan: GroupPlan }
  | { readonly kind: 'prlimit' };

const allMechanisms: readonly LimitMechanism[] = ['systemd-scope', 'cgroup-v2', 'cgroup-v1', 'prlimit'];
/** Of the trials; no real command has the same. */
const trialLimits = SandboxLimits.parse({ memory_mb: 61, processes: 37 });
const trialMs = 5000;
const stopMs = 4000;
/** How often the watchdog looks; nothing but it holds back the processes of root where there is no control group. */
const [countedMs, uncountedMs] = [200, 40];

const details: Readonly<Record<LimitMechanism, string>> = {
  'systemd-scope':
    'Each command runs in a scope of the user’s systemd, which limits the memory, processes and processor time of all its processes together.',
  'cgroup-v2':
    'Each command runs in a control group (version 2), which limits the memory, processes and processor time of all its processes together.',
  'cgroup-v1':
    'Each command runs in control groups (version 1), which limit the memory, processes and processor time of all its processes together.',
  prlimit:
    'There is no systemd and no control group that could be used: memory is limited for each process, and a watchdog adds up five times a second.',
};

/** What holds commands to their profile's limits: the best mechanism that this machine lets us have, and a watchdog beside it. */
export const createLimits = ({ runner, findProgram, runtimeDir, mechanisms = allMechanisms }: LimitsDeps): Limits => {
  let chosen: Chosen = { kind: 'prlimit' };
  let isWatching = false;
  let count = 0;
  let beginning: string | null = null;
  /** Control groups that are in use or being removed. */
  const held = new Set<Promise<void>>();

  const nextName = async (): Promise<string> => {
    beginning ??= await beginningOf('self');
    count += 1;
    return `${process.pid}-${beginning ?? '0'}-${count}`;
  };
  /** Remembers a group until it is gone; returns what removes it. */
  const hold = (group: ControlGroup | null): (() => void) => {
    if (group === null) return () => undefined;
    let release = (): void => undefined;
    const gone = new Promise<void>((resolve) => (release = resolve)).then(async () => group.remove()).finally(() => held.delete(gone));
    held.add(gone);
    return () => release();
  };
  const trial = async (argv: readonly string[], env: Readonly<Record<string, string>>, groups: readonly string[]): Promise<RunnerResult> =>
    runner.run(
      { argv, env, groups, cwd: '/', descriptors: [], tty: false, timeoutMs: trialMs, outputLimit: 65_536 },
      new AbortController().signal,
    );

  const tryScope = async (): Promise<Chosen | null> => {
    const systemdRun = await findProgram('systemd-run');
    if (systemdRun === null || runtimeDir === null) return null;
    const scope = { systemdRun, runtimeDir };
    const unit = `gatehouse-${await nextName()}.scope`;
    const result = await trial([...scopeArgv(scope, trialLimits, unit), '/bin/bash', '-c', scopeTrial], scopeEnvironment(scope), []);
    return isScopeWorking(result.output, trialLimits, unit) ? { kind: 'systemd-scope', scope } : null;
  };
  const tryPlan = async (plan: GroupPlan): Promise<Chosen | null> => {
    const name = await nextName();
    const group = await makeControlGroup(plan, trialLimits, name).catch(() => null);
    if (group === null) return null;
    const release = hold(group);
    try {
      const { output } = await trial(['/bin/cat', '/proc/self/cgroup'], {}, group.joins);
      const joined = output.split('\n').filter((line) => line.endsWith(`/gatehouse-${name}`)).length;
      if (joined < group.joins.length || (await group.counters()) === null) return null;
      await removeStaleGroups(plan, trialLimits);
      return { kind: 'cgroup', plan };
    } finally {
      release();
    }
  };
  const choose = async (): Promise<Chosen> => {
    if (mechanisms.includes('systemd-scope')) {
      const scope = await tryScope();
      if (scope !== null) return scope;
    }
    const text = async (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
    const plans = groupPlans(ownGroups(await text('/proc/self/cgroup'), await text('/proc/self/mountinfo')));
    for (const plan of plans.filter(({ version }) => mechanisms.includes(version))) {
      const found = await tryPlan(plan);
      if (found !== null) return found;
    }
    return { kind: 'prlimit' };
  };
  const mechanism = (): LimitMechanism => (chosen.kind === 'cgroup' ? chosen.plan.version : chosen.kind);
  const report = (): LimitsReport => ({ mechanism: mechanism(), watchdog: isWatching, detail: details[mechanism()] });

  return {
    async probe() {
      isWatching = false;
      // What cannot even be tried is not chosen.
      chosen = await choose().catch((): Chosen => ({ kind: 'prlimit' }));
      return report();
    },
    report,
    async prepare(limits) {
      const name = await nextName();
      const current = chosen;
      const group = current.kind === 'cgroup' ? await makeControlGroup(current.plan, limits, name) : null;
      const release = hold(group);
      const unit = `gatehouse-${name}.scope`;
      const counters = (pid: number): WatchdogDeps['counters'] => {
        if (current.kind === 'systemd-scope') return async () => scopeCounters(pid, unit);
        return group === null ? null : async () => group.counters();
      };
      return {
        outside: current.kind === 'systemd-scope' ? scopeArgv(current.scope, limits, unit) : [],
        env: current.kind === 'systemd-scope' ? scopeEnvironment(current.scope) : {},
        groups: group?.joins ?? [],
        inside: prlimitArgv(limits, await readHardLimits(), current.kind !== 'prlimit'),
        watch: (options) =>
          startWatchdog({
            ...options,
            limits,
            counters: counters(options.pid),
            intervalMs: current.kind === 'prlimit' && process.getuid?.() === 0 ? uncountedMs : countedMs,
            onSeen: () => void (isWatching = true),
          }),
        release,
      };
    },
    async stop() {
      await Promise.race([Promise.all(held), sleep(stopMs, undefined, { ref: false })]);
    },
  };
};
