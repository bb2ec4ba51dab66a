import { join } from 'node:path';
import type { AuditEventType } from '../../shared/domain/audit.ts';
import type { TargetView } from '../../shared/domain/target.ts';
import type { JsonObject } from '../../shared/json.ts';
import { createAcceptedText, type AcceptedText } from '../core/accepted-text.ts';
import { createApprovalBroker, type ApprovalBroker } from '../core/approvals/approval-broker.ts';
import { createDeciderConfig, publicServices, type DeciderConfig } from '../core/approvals/decider-config.ts';
import { createSettingsRules } from '../core/approvals/settings-rules.ts';
import { createChangeSets, type ChangeSets } from '../core/changes/change-sets.ts';
import { createClassifier } from '../core/changes/classify.ts';
import { createEndedLayers, type EndedLayers } from '../core/changes/ended-layers.ts';
import { createTaskLayers } from '../core/changes/task-layers.ts';
import { createWriters } from '../core/changes/writers.ts';
import { createTokenService, type TokenService } from '../core/identity/token-service.ts';
import { createJobs, type Jobs } from '../core/jobs/jobs.ts';
import { createLiveOutput, type LiveOutput } from '../core/live-output.ts';
import type { PipelineDeps } from '../core/pipeline/call-context.ts';
import { createPanic, type Panic } from '../core/panic/panic.ts';
import { stoppableJobs } from '../core/panic/stoppable-jobs.ts';
import { createGate, type Gate } from '../core/pipeline/gate.ts';
import { needsOutside } from '../core/approvals/decider-rules.ts';
import { createGrants, type Grants } from '../core/approvals/grants.ts';
import { createLongerDecisions, type LongerDecisions } from '../core/approvals/longer-decisions.ts';
import { createRunningCalls, type RunningCalls } from '../core/pipeline/running-calls.ts';
import { createRates } from '../core/rate/rates.ts';
import { createRefusalLog, type RefusalLog } from '../core/rate/refusal-log.ts';
import { createAcceptedPolicy, type AcceptedPolicy } from '../core/policy/accepted-policy.ts';
import { reachOf } from '../core/policy/call-reach.ts';
import { createPolicy } from '../core/policy/create-policy.ts';
import { createShellParser } from '../core/policy/create-shell-parser.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { OperationExecutors } from '../core/ports/operation-executor.ts';
import type { ShellParser } from '../core/policy/shell-parser.ts';
import { runsUnlisted } from '../core/policy/shell/runs-unlisted.ts';
import { createSandboxProfiles, type SandboxProfiles } from '../core/sandbox/sandbox-profiles.ts';
import { createWatchedProfiles, type WatchedProfiles } from '../core/sandbox/watched-profiles.ts';
import { watchFolder } from '../adapters/policy-file/watch-folder.ts';
import { createKnownNames } from '../core/targets/known-names.ts';
import { createOperationTools } from '../core/targets/operation-tools.ts';
import { createTargetRegistry, type TargetRegistry } from '../core/targets/target-registry.ts';
import { createTargetSlots } from '../core/targets/target-slots.ts';
import { targetViews } from '../core/targets/target-views.ts';
import { createOpenTasks, type OpenTasks } from '../core/tasks/open-tasks.ts';
import { createBashTool } from '../core/tools/bash.ts';
import { createFileTools } from '../core/tools/file-tools.ts';
import { createJobTools } from '../core/tools/job-tools.ts';
import { createToolRegistry, type ToolRegistry } from '../core/tools/registry.ts';
import type { GatehouseOptions } from './gatehouse.ts';
import type { World } from './world.ts';

/** What decides and acts, over the world's adapters; no listener, no window. */
export interface Product {
  readonly shell: ShellParser;
  readonly profiles: SandboxProfiles;
  readonly watchedProfiles: WatchedProfiles;
  readonly tools: ToolRegistry;
  readonly acceptedPolicy: AcceptedPolicy | null;
  readonly policy: Policy;
  readonly acceptedTargets: AcceptedText | null;
  readonly targets: TargetRegistry;
  readonly targetViews: () => readonly TargetView[];
  readonly tokens: TokenService;
  readonly broker: ApprovalBroker;
  readonly deciderConfig: DeciderConfig;
  readonly changes: ChangeSets;
  readonly jobs: Jobs;
  readonly grants: Grants;
  readonly longer: LongerDecisions;
  readonly tasks: OpenTasks;
  readonly endedLayers: EndedLayers;
  readonly running: RunningCalls;
  readonly gate: Gate;
  readonly panic: Panic;
  readonly refusals: RefusalLog;
  readonly live: LiveOutput;
  readonly pipeline: PipelineDeps;
}

export function createProduct(world: World, options: GatehouseOptions): Product {
  const { clock, bus, settings, store, files, sandbox, layers, changeFiles, policyFile, recordOrLog } = world;
  const live = createLiveOutput();
  const shell = createShellParser();
  const profiles = createSandboxProfiles({ folders: [join(options.resourcesDir, 'sandbox/profiles'), join(world.dataDir, 'sandbox')] });

  const watchedProfiles = createWatchedProfiles({
    profiles,
    watch: async (onChange) => await watchFolder(join(world.dataDir, 'sandbox'), onChange),
    store,
    record: async (data) => await world.record('config.changed', 'gateway', data),
    bus,
    onError: (error) => options.log('The sandbox profiles could not be read again; those from before stay in force.', error),
  });

  const writers = createWriters();
  const changes = createChangeSets({
    store,
    files: changeFiles,
    clock,
    bus,
    classify: createClassifier({ policy: { evaluateChange: (change) => policy.evaluateChange(change) } }),
    onApplied: async (task, paths) => await layers.applied(task, paths),
    budgetMb: () => settings.read().safety.undo_budget_mb,
  });
  const panic = createPanic({ store, clock, bus, parts: () => ({ running, jobs, broker, grants, gate }) });
  const refusals = createRefusalLog({ store, clock, onError: options.log });
  const rates = createRates({ clock, limits: () => settings.read().limits, refusals });
  const jobs = stoppableJobs(
    createJobs({ layers, changes, writers, store, live, recordings: world.recordings, clock, bus, onError: options.log }),
    () => panic.since(),
  );

  const acceptedTargets =
    options.host === 'desktop'
      ? createAcceptedText({
          file: world.targetsFile,
          store,
          bus,
          events: { accepted: 'targets.accepted', held: 'targets.held' },
          topic: 'targets',
        })
      : null;
  const targets = createTargetRegistry({
    file: acceptedTargets ?? world.targetsFile,
    missingIsAccepted: acceptedTargets !== null,
    clock,
    tools: () => tools.list().map(({ name }) => name),
    onEvent: ({ type, data }) => recordOrLog(type, data),
  });
  const slots = createTargetSlots();
  // SECURITY: what an agent can write is no program of the operator's.
  const here = world.localOperations((path) =>
    tokens.list().some(({ workspaces }) => workspaces.some((folder) => path === folder || path.startsWith(`${folder}/`))),
  );
  const executors: OperationExecutors = ({ type }) => (type === 'local' ? here : null);
  const fileTools = createFileTools({ files });
  const tools = createToolRegistry([
    ...fileTools,
    createBashTool({ sandbox, profiles, jobs, files, shell, settings: () => settings.read().safety, runsUnlisted }),
    ...createJobTools(jobs),
    ...createOperationTools({
      executors,
      names: createKnownNames(clock),
      fileTool: (name) => fileTools.find((tool) => tool.name === name) ?? null,
      outputLimit: () => settings.read().safety.output_limit_bytes,
    }),
  ]);
  // SECURITY: with a window, a file that something else changed waits for the operator (THREATS rule 21).
  const acceptedPolicy = options.host === 'desktop' ? createAcceptedPolicy({ file: policyFile, store, bus }) : null;
  const policy: Policy = createPolicy({
    file: acceptedPolicy ?? policyFile,
    clock,
    tools: (name) => tools.get(name),
    shell,
    home: world.home,
    isProfile: (name) => profiles.get(name) !== null,
    profileHosts: (name) => reachOf(profiles.get(name)),
    onEvent: ({ type, data }: { type: AuditEventType; data: JsonObject }) => recordOrLog(type, data),
    onSaved: async (data) => await world.record('policy.saved', 'operator', data),
  });
  const tokens = createTokenService({ store, files, clock, bus, isTarget: (id) => targets.get(id) !== null });
  // SECURITY: while everything is stopped no token counts.
  const isTokenActive: TokenService['isActive'] = (id) => panic.since() === null && tokens.isActive(id);
  const deciderConfig = createDeciderConfig({
    settings: () => settings.read(),
    secrets: world.secrets,
    ownSecretFile: world.ownSecretFile,
    services: options.services ?? publicServices,
  });
  const broker = createApprovalBroker({
    store,
    clock,
    bus,
    rules: createSettingsRules(() => settings.read(), deciderConfig),
    rates,
    timeoutSeconds: () => settings.read().approvals.timeout_s,
    isTokenActive,
  });
  const grants = createGrants({
    clock,
    store,
    bus,
    home: world.home,
    isTokenActive,
    onError: options.log,
  });
  const decidesAlone = (): boolean => !needsOutside(settings.read().approvals.mode);
  const longer = createLongerDecisions({ broker, grants, policy, store, watch: world.sessionWatch, decidesAlone });
  const running = createRunningCalls();
  const gate = createGate({ store, clock, bus });
  const taskLayers = createTaskLayers({ layers, changes, writers });
  const endedLayers = createEndedLayers({
    layers,
    changes,
    bus,
    onError: (error) => options.log('The layer of a task that has ended could not be let go of.', error),
  });
  const openTasks = createOpenTasks({
    store,
    clock,
    // A task goes on while a call or a job of it does.
    busyUntil: (task) => (taskLayers.isUsed(task) ? clock.now() : jobs.activeUntil(task)),
    onClosed: (task) => {
      grants.end({ task }, 'task');
      endedLayers.ended(task);
    },
    onError: (error) => options.log('The end of a task could not be written.', error),
  });
  const pipeline: PipelineDeps = {
    targets,
    slots,
    registry: tools,
    policy,
    broker,
    grants,
    decidesAlone,
    store,
    tasks: openTasks,
    gate,
    panic,
    rates,
    refusals,
    running,
    live,
    clock,
    bus,
    layers: taskLayers,
    changes,
    recordings: world.recordings,
    isTokenActive,
    confinement: () => sandbox.status().effective,
  };
  const views = (): readonly TargetView[] =>
    targetViews({ registry: targets, slots, isReachable: (target) => executors(target) !== null, now: () => clock.now() });
  return {
    shell,
    profiles,
    watchedProfiles,
    grants,
    longer,
    tools,
    acceptedPolicy,
    policy,
    acceptedTargets,
    targets,
    targetViews: views,
    tokens,
    broker,
    deciderConfig,
    changes,
    jobs,
    tasks: openTasks,
    endedLayers,
    running,
    gate,
    panic,
    refusals,
    live,
    pipeline,
  };
}
