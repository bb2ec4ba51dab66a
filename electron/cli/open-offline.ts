import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createBubblewrap } from '../adapters/bubblewrap/bubblewrap.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createMachineProbes } from '../adapters/machine/machine-probes.ts';
import { createPolicyFile } from '../adapters/policy-file/policy-file.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { createSqliteReader, type StoreReader } from '../adapters/sqlite/sqlite-reader.ts';
import { createPolicy } from '../core/policy/create-policy.ts';
import { reachOf } from '../core/policy/call-reach.ts';
import { createShellParser } from '../core/policy/create-shell-parser.ts';
import { explainCall } from '../core/policy/explain-call.ts';
import { runsUnlisted } from '../core/policy/shell/runs-unlisted.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Clock } from '../core/ports/clock.ts';
import { createBashTool } from '../core/tools/bash.ts';
import { createFileTools } from '../core/tools/file-tools.ts';
import { createJobTools } from '../core/tools/job-tools.ts';
import { createKnownNames } from '../core/targets/known-names.ts';
import { createOperationTools } from '../core/targets/operation-tools.ts';
import { createToolRegistry, type ToolRegistry } from '../core/tools/registry.ts';
import { Settings } from '../../shared/domain/settings.ts';
import { createStatusHandlers } from '../operator/handlers/status.ts';
import type { ShellParser } from '../core/policy/shell-parser.ts';
import type { Offline } from './offline.ts';
import { createOfflineTargets } from './offline-targets.ts';
import { toolchainCapability } from '../core/sandbox/sandbox-capability.ts';
import { createOfflineHistory } from './offline-history.ts';
import { createSandboxProfiles } from '../core/sandbox/sandbox-profiles.ts';

interface Judgement {
  readonly policy: Policy;
  readonly registry: ToolRegistry;
  readonly shell: ShellParser;
  readonly clock: Clock;
}

/** The parts of the composition that read, put together without a host: no listener, no writer, no lock. */
export function openOffline(dataDir: string, resourcesDir: string, env: Readonly<Record<string, string | undefined>>): Offline {
  const clock = createSystemClock();
  const home = homedir();
  const protectedPaths = [dataDir];
  const files = createFiles({ protectedPaths, home });
  const sandbox = createBubblewrap({
    runner: createRunner(),
    home,
    protectedPaths,
    checkWorkspace: async (path) => files.checkWorkspace(path),
    findProgram: createFindProgram(env['PATH'] ?? ''),
    seccompTable: join(resourcesDir, 'sandbox/seccomp.yaml'),
    stateDir: dataDir,
    // For trying the sandbox only; nobody's files are made.
    umask: 0o077,
    bridge: null,
    runtimeDir: env['XDG_RUNTIME_DIR'] ?? null,
  });
  const machine = createMachineProbes({
    dataDir,
    now: () => clock.now(),
    env,
    runtimeRecord: join(resourcesDir, '../.cache/electron/runtime.json'),
  });
  const policyFile = createPolicyFile(join(dataDir, 'policy.yaml'));
  let reader: Promise<StoreReader> | null = null;
  let judgement: Promise<Judgement> | null = null;
  const log = (): Promise<StoreReader> => (reader ??= openReader(dataDir));
  const judge = (): Promise<Judgement> => (judgement ??= startJudgement());

  // With the host stopped nothing is run; the tools are here to be judged.
  const notRunning = (): Promise<never> => Promise.reject(new AppError('unavailable', 'The host is not running.'));
  const noJobs = {
    start: notRunning,
    stop: notRunning,
    network: () => Promise.resolve(null),
    list: () => [],
    output: (): never => {
      throw new AppError('not_found', 'The host is not running.');
    },
  };

  async function startJudgement(): Promise<Judgement> {
    const shell = createShellParser();
    await shell.start();
    const profiles = createSandboxProfiles({ folders: [join(resourcesDir, 'sandbox/profiles'), join(dataDir, 'sandbox')] });
    await profiles.start();
    const settings = (): Settings['safety'] => Settings.parse({}).safety;
    const registry = createToolRegistry([
      ...createFileTools({ files }),
      ...createOperationTools({ executors: () => null, names: createKnownNames(clock), fileTool: () => null, outputLimit: () => 0 }),
      createBashTool({ sandbox, jobs: noJobs, profiles, files, shell, settings, runsUnlisted }),
      ...createJobTools(noJobs),
    ]);
    const tools: Parameters<typeof createPolicy>[0]['tools'] = (name) => registry.get(name);
    const policy = createPolicy({
      file: policyFile,
      clock,
      tools,
      shell,
      home,
      isProfile: (name) => profiles.get(name) !== null,
      profileHosts: (name) => reachOf(profiles.get(name)),
      onEvent: () => undefined,
    });
    await policy.start();
    return { policy, registry, shell, clock };
  }

  const targets = createOfflineTargets(dataDir, clock, async () => (await judge()).registry.list().map(({ name }) => name));

  return {
    verify: async () => (await log()).verify(),
    log: {
      auditEvents: async (query) => (await log()).auditEvents(query),
      auditRows: async (range) => (await log()).auditRows(range),
    },
    async checkPolicy(text) {
      const checked = text ?? (await policyFile.read());
      if (checked === null) throw new AppError('not_found', `There is no ${policyFile.path}. The first start writes the default.`);
      const found = await (await judge()).policy.check(checked);
      return { ...found, problems: [...found.problems] };
    },
    explain: async (question) => explainCall(await judge(), question),
    checkTargets: async (text) => targets.check(text),
    listTargets: async () => targets.list(),
    ...createOfflineHistory({ judge, log, clock, home }),
    async doctor() {
      const handlers = createStatusHandlers({
        sandbox,
        machine,
        confinement: async () => [toolchainCapability((await sandbox.toolchains()).map(({ name }) => name))],
        store: { verify: async () => (await log()).verify() },
        status: () => Promise.reject(new AppError('unavailable', 'No host runs.')),
        tryOut: () => Promise.reject(new AppError('unavailable', 'No host runs.')),
      });
      return handlers['doctor.run']({}, { channel: 'command-line' });
    },
    async close() {
      if (judgement !== null) await (await judgement).policy.stop();
      if (reader !== null) await (await reader).stop();
      await sandbox.stop();
    },
  };
}

async function openReader(dataDir: string): Promise<StoreReader> {
  const reader = createSqliteReader({ dataDir });
  await reader.start();
  return reader;
}
