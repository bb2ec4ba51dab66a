import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AuditEventType } from '../shared/domain/audit.ts';
import type { SandboxStatus } from '../shared/domain/host.ts';
import type { CallId, TokenId } from '../shared/domain/identity.ts';
import { AppError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';
import { createAgentClients } from './adapters/agent-clients/agent-clients.ts';
import { createBubblewrap } from './adapters/bubblewrap/bubblewrap.ts';
import { createFindProgram } from './adapters/bubblewrap/find-program.ts';
import { createSystemClock } from './adapters/clock.ts';
import { createFiles } from './adapters/files/files.ts';
import { createLoopbackAgent } from './adapters/loopback-agent/loopback-agent.ts';
import { createScratchFolders } from './adapters/loopback-agent/scratch-folders.ts';
import { createMachineProbes } from './adapters/machine/machine-probes.ts';
import { createPolicyFile, installDefaultPolicy } from './adapters/policy-file/policy-file.ts';
import { createRunner } from './adapters/runner/runner.ts';
import { createConfSettings, type ConfSettingsOptions } from './adapters/settings/conf-settings.ts';
import { createSqliteStore } from './adapters/sqlite/sqlite-store.ts';
import { createApprovalBroker, type ApprovalBroker } from './core/approvals/approval-broker.ts';
import { createChangeBus, type ChangeBus } from './core/change-bus.ts';
import { createTokenService } from './core/identity/token-service.ts';
import { createLifecycle, type Stage } from './core/lifecycle.ts';
import { createLiveOutput, type LiveOutput } from './core/live-output.ts';
import { closeOpenCalls } from './core/pipeline/close-open-calls.ts';
import type { PipelineDeps } from './core/pipeline/call-context.ts';
import { createGate } from './core/pipeline/gate.ts';
import { handleToolCall } from './core/pipeline/handle-tool-call.ts';
import { createRunningCalls } from './core/pipeline/running-calls.ts';
import { createAcceptedPolicy } from './core/policy/accepted-policy.ts';
import { createPolicy } from './core/policy/create-policy.ts';
import { createShellParser } from './core/policy/create-shell-parser.ts';
import { explainCall } from './core/policy/explain-call.ts';
import { runsUnlisted } from './core/policy/shell/runs-unlisted.ts';
import type { Desktop } from './core/ports/desktop.ts';
import { createStatus, isConnected } from './core/status/gateway-status.ts';
import { createOpenTasks } from './core/tasks/open-tasks.ts';
import { createBashTool } from './core/tools/bash.ts';
import { createFileTools } from './core/tools/file-tools.ts';
import { createToolRegistry } from './core/tools/registry.ts';
import { createTryOut } from './core/tryout/try-out.ts';
import { createGateway } from './gateway/gateway.ts';
import { createMcpEndpoint } from './gateway/mcp-endpoint.ts';
import { createPipelineBackend } from './gateway/pipeline-backend.ts';
import { createConsoleListener, type ConsoleLink } from './operator/console.ts';
import { createDispatcher, type Dispatcher } from './operator/dispatcher.ts';
import { createHandlers } from './operator/handlers.ts';
import { operatorSocketPath } from './operator/socket-path.ts';
import { createOperatorSocket } from './operator/socket.ts';

export interface GatehouseOptions {
  /** Absolute or relative; made with mode 0700 when missing. */
  readonly dataDir: string;
  readonly host: 'desktop' | 'headless';
  /** Instead of the settings’ `server.port` and `server.console_port`. */
  readonly port?: number | undefined;
  readonly consolePort?: number | undefined;
  /** The built pages; null serves no console. */
  readonly rendererDir: string | null;
  /** The shipped files: policy.default.yaml. */
  readonly resourcesDir: string;
  readonly version: string;
  readonly desktop: Desktop | null;
  readonly openSettingsStore?: ConfSettingsOptions['openStore'];
  /** For the log on stderr. Never given a secret. */
  readonly log: (message: string, error?: unknown) => void;
}

/** What a host prints or shows once everything listens. */
export interface ReadyInfo {
  readonly mcp_url: string;
  readonly metrics_url: string | null;
  readonly console_url: string | null;
  readonly operator_socket: string;
  readonly data_dir: string;
  readonly sandbox: SandboxStatus;
}

export interface Gatehouse {
  /** Errors: AppError saying which step failed and what to do; what had been started is stopped again. */
  start(): Promise<ReadyInfo>;
  stop(): Promise<void>;
  readonly dispatcher: Dispatcher;
  readonly bus: ChangeBus;
  readonly live: LiveOutput;
  readonly broker: ApprovalBroker;
  /** Another one-time link to the browser console; null on the desktop. */
  newConsoleLink(): ConsoleLink | null;
  /** What ends when the gateway quits. */
  summary(): Promise<{ readonly agents: readonly string[]; readonly waiting: number; readonly running: number }>;
  /** Writes an event of the host's own, such as a refused sender on IPC. */
  record(type: AuditEventType, data: JsonObject): Promise<void>;
}

/** The composition root: every part is made here, top to bottom, for desktop and headless alike, and started in this order. */
export function createGatehouse(options: GatehouseOptions): Gatehouse {
  const dataDir = resolve(options.dataDir);
  const socketPath = operatorSocketPath(dataDir, process.env['XDG_RUNTIME_DIR']);
  const home = homedir();
  const { log } = options;
  const state = {
    mcpUrl: null as string | null,
    startedAt: '',
    socketAllowed: options.host === 'headless',
    degraded: null as string | null,
    verified: null as { at: string; ok: boolean } | null,
  };
  const repairs: JsonObject[] = [];

  // The world.
  const clock = createSystemClock();
  const bus = createChangeBus();
  const live = createLiveOutput();
  const runner = createRunner();
  const protectedPaths = [dataDir, join(socketPath, '..')];
  const settings = createConfSettings({
    dataDir,
    onRepaired: (file, mode) => repairs.push({ path: file, from: mode, to: 0o600 }),
    ...(options.openSettingsStore === undefined ? {} : { openStore: options.openSettingsStore }),
  });
  const sqlite = createSqliteStore({
    dataDir,
    clock,
    onDegraded: (reason) => {
      state.degraded = reason;
      bus.changed('status');
    },
    onRepaired: (list) => repairs.push(...list.map(({ path, from, to }) => ({ path, from, to }))),
  });
  const store: typeof sqlite = {
    ...sqlite,
    async verify() {
      const result = await sqlite.verify();
      state.verified = { at: new Date(clock.now()).toISOString(), ok: result.ok };
      bus.changed('status');
      return result;
    },
  };
  const files = createFiles({ protectedPaths, home });
  const sandbox = createBubblewrap({
    runner,
    home,
    protectedPaths,
    checkWorkspace: async (path) => await files.checkWorkspace(path),
    findProgram: createFindProgram(process.env['PATH'] ?? ''),
  });
  const machine = createMachineProbes({
    dataDir,
    now: () => clock.now(),
    env: process.env,
    runtimeRecord: join(options.resourcesDir, '../.cache/electron/runtime.json'),
  });
  const clients = createAgentClients({ home, env: process.env, dataDir, now: () => clock.now() });
  const policyFile = createPolicyFile(join(dataDir, 'policy.yaml'));
  const defaultPolicy = join(options.resourcesDir, 'policy.default.yaml');

  async function record(type: AuditEventType, actor: 'gateway' | 'operator', data: JsonObject): Promise<void> {
    await store.commit({ events: [{ type, actor, agent: null, token_id: null, task_id: null, call_id: null, data }], changes: [] });
    bus.changed('audit');
  }
  function recordOrLog(type: AuditEventType, data: JsonObject): void {
    record(type, 'gateway', data).catch((error: unknown) => {
      log(`The event ${type} could not be recorded.`, error);
    });
  }

  // The product.
  const shell = createShellParser();
  const tools = createToolRegistry([
    ...createFileTools({ files }),
    createBashTool({ sandbox, files, shell, settings: () => settings.read().safety, runsUnlisted }),
  ]);
  const knownTool = (
    name: string,
  ): { risk: 'low' | 'moderate' | 'high' | 'critical'; scope: ReturnType<typeof tools.list>[number]['scope'] } | null => tools.get(name);
  // SECURITY: with a window, a file that something else changed waits for the operator (THREATS rule 21).
  const acceptedPolicy = options.host === 'desktop' ? createAcceptedPolicy({ file: policyFile, store, bus }) : null;
  const policy = createPolicy({
    file: acceptedPolicy ?? policyFile,
    clock,
    tools: knownTool,
    shell,
    home,
    onEvent: ({ type, data }) => recordOrLog(type, data),
  });
  const tokens = createTokenService({ store, files, clock, bus });
  const broker = createApprovalBroker({
    store,
    clock,
    bus,
    timeoutSeconds: () => settings.read().approvals.timeout_s,
    isTokenActive: tokens.isActive,
  });
  const running = createRunningCalls();
  const gate = createGate({ store, clock, bus });
  const tasks = createOpenTasks({ store, clock });
  const pipeline: PipelineDeps = {
    registry: tools,
    policy,
    broker,
    store,
    tasks,
    gate,
    running,
    live,
    clock,
    bus,
    isTokenActive: tokens.isActive,
  };

  // The agents' plane.
  const mcp = createMcpEndpoint({
    backend: createPipelineBackend({
      registry: tools,
      tokenOf: (id) => tokens.list().find((token) => token.id === id && tokens.isActive(token.id)) ?? null,
      handle: async (call) => await handleToolCall(pipeline, call),
    }),
    serverInfo: { name: 'gatehouse', version: options.version },
    maxSessionsPerToken: 32,
    onError: (error, reference) => {
      log(`An agent's request failed (reference ${reference}).`, error);
    },
    monotonic: () => clock.monotonic(),
  });
  const port = (): number => options.port ?? settings.read().server.port;
  const gateway = createGateway({
    port,
    allowedOrigins: () => settings.read().server.allowed_origins,
    tokens,
    mcp,
    monotonic: () => clock.monotonic(),
    onAuthenticationFailed: (failure) => recordOrLog('authentication.failed', { ...failure }),
    log,
  });

  // The operator plane.
  const tryOut = createTryOut({
    tokens,
    agent: createLoopbackAgent(options.version),
    folders: createScratchFolders(),
    store,
    mcpUrl: () => state.mcpUrl,
  });
  const status = createStatus({
    store,
    clock,
    machine,
    sandbox: () => sandbox.status(),
    tokens: () => tokens.list(),
    runningCount: () => running.count(),
    closedBecause: () => gate.closedBecause() ?? state.degraded,
    lastVerification: () => state.verified,
    fixed: { version: options.version, data_dir: dataDir, operator_socket: socketPath, host: options.host },
    live: () => ({
      mcp_url: state.mcpUrl,
      console_url: console_?.url() ?? null,
      socket_may_decide: state.socketAllowed,
      started_at: state.startedAt,
    }),
  });
  const handlers = createHandlers({
    store,
    broker,
    tokens,
    policy,
    policyFile,
    acceptedPolicy,
    settings,
    sandbox,
    machine,
    clients,
    desktop: options.desktop,
    bus,
    clock,
    status,
    tryOut,
    mcpUrl: () => state.mcpUrl,
    isConnected: (id: TokenId) => tokens.list().some((token) => token.id === id && isConnected(token, clock.now())),
    stopCall: (id: CallId) => stopCall(id),
    explain: async (call) => await Promise.resolve(explainCall({ policy, registry: tools, shell }, call)),
    needsRestart: (key) => key === 'server.port' || key === 'server.console_port',
    allowSocket: (allow) => {
      state.socketAllowed = allow || options.host === 'headless';
    },
    consoleLink: options.host === 'headless' ? () => requiredConsole().newLink() : null,
  });
  const dispatcher = createDispatcher({
    handlers,
    socketMayDecide: () => state.socketAllowed,
    onRefused: (name, channel, code) => recordOrLog('operator.refused', { operation: name, channel, code }),
    log: { error: (fields, message) => log(message, fields) },
  });
  const socket = createOperatorSocket({ path: socketPath, dispatcher, bus, live });
  const console_ =
    options.host === 'headless' && options.rendererDir !== null
      ? createConsoleListener({
          port: () => options.consolePort ?? settings.read().server.console_port,
          rendererDir: options.rendererDir,
          dispatcher,
          bus,
          live,
          clock,
          onOpened: async () => await record('console.opened', 'operator', {}),
          onRefused: async (reason) => await record('console.refused', 'gateway', { reason }),
          log: { error: (fields, message) => log(message, fields) },
        })
      : null;

  function requiredConsole(): NonNullable<typeof console_> {
    if (console_ === null) throw new AppError('unavailable', 'There is no browser console: the pages are not built.');
    return console_;
  }

  async function stopCall(id: CallId): Promise<boolean> {
    if (running.stop(id, 'The operator stopped the call.')) return true;
    const waiting = (await broker.list({ state: 'pending', limit: 1000 })).find((approval) => approval.call_id === id);
    if (waiting === undefined) return false;
    await broker.decide({
      id: waiting.id,
      digest: waiting.digest,
      result: 'denied',
      channel: 'window',
      reason: 'The operator stopped the call.',
    });
    return true;
  }

  tokens.onRevoked((id) => {
    mcp.endToken(id);
    broker.revokeToken(id);
  });

  const stages: Stage[] = [
    { name: 'log', start: () => store.start(), stop: () => store.stop() },
    { name: 'settings', start: () => settings.start() },
    { name: 'tokens', start: () => tokens.start() },
    {
      name: 'open calls',
      async start() {
        const closed = await closeOpenCalls({ store, clock });
        if (closed > 0) await record('gateway.recovered', 'gateway', { closed_calls: closed });
      },
      stop: () => gate.stop(),
    },
    { name: 'shell parser', start: () => shell.start() },
    {
      name: 'policy',
      async start() {
        await installDefaultPolicy(policyFile.path, defaultPolicy);
        await acceptedPolicy?.start();
        await policy.start();
        policy.onChange(() => bus.changed('policy'));
      },
      stop: () => policy.stop(),
    },
    {
      name: 'sandbox',
      async start() {
        const probed = await sandbox.probe();
        await record('sandbox.probed', 'gateway', {
          mode: probed.mode,
          effective: probed.effective,
          version: probed.version,
          detail: probed.detail,
        });
      },
      stop: () => sandbox.stop(),
    },
    {
      name: 'agents’ listener',
      async start() {
        state.mcpUrl = (await gateway.start()).url;
      },
      async stop() {
        await mcp.stop();
        await gateway.stop();
        state.mcpUrl = null;
      },
    },
    { name: 'operator socket', start: () => socket.start(), stop: () => socket.stop() },
    { name: 'console', start: () => console_?.start(), stop: () => console_?.stop() },
    {
      name: 'opening event',
      async start() {
        state.startedAt = new Date(clock.now()).toISOString();
        for (const repair of repairs) await record('permission.repaired', 'gateway', repair);
        await record('gateway.started', 'gateway', {
          version: options.version,
          host: options.host,
          mcp_url: state.mcpUrl,
          pid: process.pid,
        });
      },
      stop: async () => await record('gateway.stopped', 'gateway', {}),
    },
  ];
  const lifecycle = createLifecycle(stages, (stage, error) => {
    log(`Stopping failed: ${stage}.`, error);
  });

  return {
    dispatcher,
    bus,
    live,
    broker,
    newConsoleLink: () => console_?.newLink() ?? null,
    record: async (type, data) => await record(type, 'gateway', data),
    async start() {
      // SECURITY: whatever is created from here on is the operator's alone.
      process.umask(0o077);
      await lifecycle.start();
      return {
        mcp_url: state.mcpUrl ?? '',
        metrics_url: null,
        console_url: console_?.url() ?? null,
        operator_socket: socketPath,
        data_dir: dataDir,
        sandbox: sandbox.status(),
      };
    },
    stop: async () => await lifecycle.stop(),
    async summary() {
      const now = clock.now();
      const agents = [
        ...new Set(
          tokens
            .list()
            .filter((token) => isConnected(token, now))
            .map((token) => token.agent),
        ),
      ];
      return { agents, waiting: (await broker.list({ state: 'pending', limit: 1000 })).length, running: running.count() };
    },
  };
}
