import { rulesAndSandbox } from './compose/stages.ts';
import { createGrantEndings } from './core/approvals/grant-endings.ts';
import type { TokenId } from '../shared/domain/identity.ts';
import { AppError } from '../shared/errors.ts';
import { createLoopbackAgent } from './adapters/loopback-agent/loopback-agent.ts';
import { createScratchFolders } from './adapters/loopback-agent/scratch-folders.ts';
import { disableCoreDumps } from './adapters/machine/core-dumps.ts';
import type { Gatehouse, GatehouseOptions } from './compose/gatehouse.ts';
import { createProduct } from './compose/product.ts';
import { createWorld } from './compose/world.ts';
import { createLifecycle, type Stage } from './core/lifecycle.ts';
import { closeOpenCalls } from './core/pipeline/close-open-calls.ts';
import { handleToolCall } from './core/pipeline/handle-tool-call.ts';
import { stopCall } from './core/pipeline/stop-call.ts';
import { explainCall } from './core/policy/explain-call.ts';
import { createPolicyHistory } from './core/policy/policy-history.ts';
import { networkCapability } from './core/sandbox/network-capability.ts';
import { confinementCapabilities, profileCapabilities, toolchainCapability } from './core/sandbox/sandbox-capability.ts';
import { deciderCapability } from './core/approvals/decider-capability.ts';
import { createStatus, isConnected } from './core/status/gateway-status.ts';
import { createTryOut } from './core/tryout/try-out.ts';
import { createOutside } from './compose/outside.ts';
import { createGateway } from './gateway/gateway.ts';
import { createMcpEndpoint } from './gateway/mcp-endpoint.ts';
import { createPipelineBackend } from './gateway/pipeline-backend.ts';
import { createConsoleListener } from './operator/console.ts';
import { createDispatcher } from './operator/dispatcher.ts';
import { createHandlers } from './operator/handlers.ts';
import { createOperatorSocket } from './operator/socket.ts';

/** The composition root: every part is made here, top to bottom, for desktop and headless alike, and started in this order. */
export function createGatehouse(options: GatehouseOptions): Gatehouse {
  const { log } = options;
  const world = createWorld(options);
  const { clock, bus, settings, store, sandbox, layers, machine, clients, policyFile, record, recordOrLog } = world;
  const product = createProduct(world, options);
  const { shell, profiles, tools, acceptedPolicy, policy, acceptedTargets, targets } = product;
  const { tokens, broker, grants, changes, jobs, running, gate, live, pipeline } = product;
  const state = { mcpUrl: null as string | null, startedAt: '', isSocketAllowed: options.host === 'headless' };

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

  // Who decides besides the window, and the listener for the answers of chats.
  const { deciders, callbacks } = createOutside(world, product, options);

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
    networks: () => networkCapability(profiles.list()),
    toolchains: world.toolchains,
    profileProblems: () => profiles.problems(),
    approvals: async () => deciderCapability(await deciders.status()),
    tokens: () => tokens.list(),
    runningCount: () => running.count(),
    closedBecause: () => gate.closedBecause() ?? world.degradedBecause(),
    panicSince: () => product.panic.since(),
    lastVerification: () => world.lastVerification(),
    fixed: { version: options.version, data_dir: world.dataDir, operator_socket: world.socketPath, host: options.host },
    live: () => ({
      mcp_url: state.mcpUrl,
      console_url: console_?.url() ?? null,
      socket_may_decide: state.isSocketAllowed,
      started_at: state.startedAt,
    }),
  });
  const handlers = createHandlers({
    store,
    changes,
    jobs,
    running,
    recordings: world.recordings,
    broker,
    grants,
    longer: product.longer,
    tokens,
    policy,
    policyFile,
    acceptedPolicy,
    targets,
    targetViews: product.targetViews,
    targetsFile: world.targetsFile,
    acceptedTargets,
    settings,
    sandbox,
    machine,
    confinement: async () => {
      await layers.probe();
      const approvals = deciderCapability(await deciders.status());
      return [
        approvals,
        ...confinementCapabilities(sandbox.status()),
        networkCapability(profiles.list()),
        toolchainCapability(await world.toolchains()),
        ...profileCapabilities(profiles.problems()),
      ];
    },
    clients,
    desktop: options.desktop,
    bus,
    clock,
    status,
    panic: product.panic,
    tryOut,
    deciders,
    mcpUrl: () => state.mcpUrl,
    isConnected: (id: TokenId) => tokens.list().some((token) => token.id === id && isConnected(token, clock.now())),
    stopCall: async (id, channel) => await stopCall({ running, broker }, id, channel),
    ...createPolicyHistory({ store, policy, clock, shell, home: world.home, tools: (name) => tools.get(name) }),
    explain: async (call) => await Promise.resolve(explainCall({ policy, registry: tools, shell, clock }, call)),
    needsRestart: (key) => key === 'server.port' || key === 'server.console_port' || key.startsWith('deciders.callbacks.'),
    allowSocket: (allow) => {
      state.isSocketAllowed = allow || options.host === 'headless';
    },
    consoleLink: options.host === 'headless' ? () => requiredConsole().newLink() : null,
  });
  const dispatcher = createDispatcher({
    handlers,
    socketMayDecide: () => state.isSocketAllowed,
    onRefused: (name, channel, code) => recordOrLog('operator.refused', { operation: name, channel, code }),
    log: { error: (fields, message) => log(message, fields) },
  });
  const socket = createOperatorSocket({ path: world.socketPath, dispatcher, bus, live });
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

  const grantEndings = createGrantEndings({
    grants,
    broker,
    watch: world.sessionWatch,
    clock,
    idleMinutes: () => settings.read().approvals.grants_end_idle_min,
  });
  tokens.onRevoked((id) => {
    mcp.endToken(id);
    broker.revokeToken(id);
    grants.end({ token: id }, 'token');
    jobs.stopToken(id, 'Its token was revoked.').catch((error: unknown) => log('The jobs of a revoked token could not be stopped.', error));
  });

  const stages: Stage[] = [
    { name: 'log', start: () => store.start(), stop: () => store.stop() },
    {
      name: 'settings',
      async start() {
        await settings.start();
        await world.secrets.ensure(world.ownSecretFile);
        for (const { variable, key, effect, detail } of settings.aliases()) {
          log(`${variable}: ${detail}`);
          await record('alias.applied', 'gateway', { variable, key, effect, detail });
        }
      },
    },
    { name: 'tokens', start: () => tokens.start() },
    // SECURITY: before anything is listened to, so that a restart lets nothing through.
    { name: 'panic', start: () => product.panic.start(), stop: async () => await product.refusals.stop() },
    {
      name: 'open calls',
      async start() {
        const closed = await closeOpenCalls({ store, clock });
        if (closed > 0) await record('gateway.recovered', 'gateway', { closed_calls: closed });
      },
      stop: () => gate.stop(),
    },
    // What a crash left half applied is completed or rolled back before anything else changes a file.
    {
      name: 'changes',
      async start() {
        await changes.start();
        // Layers of tasks that hold nothing back have nothing that the real files do not have.
        for (const task of await layers.list()) if ((await changes.heldPaths(task)).length === 0) await layers.drop(task);
        product.endedLayers.start();
      },
      async stop() {
        product.tasks.stop();
        product.endedLayers.stop();
        await layers.stop();
      },
    },
    ...rulesAndSandbox(world, product),
    // Ended before the log closes, so that the log knows.
    { name: 'grants', start: () => grantEndings.start(), stop: () => grantEndings.stop() },
    // Before the agents' listener, so that the first request finds them, and after it at the end: what waits has ended by then.
    { name: 'deciders', start: () => deciders.start(), stop: async () => await deciders.stop() },
    { name: 'answers from chats', start: () => callbacks.start().then(() => undefined), stop: async () => await callbacks.stop() },
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
        for (const repair of world.repairs()) await record('permission.repaired', 'gateway', repair);
        await record('gateway.started', 'gateway', {
          version: options.version,
          host: options.host,
          mcp_url: state.mcpUrl,
          pid: process.pid,
        });
      },
      stop: async () => await record('gateway.stopped', 'gateway', {}),
    },
    {
      // In the background: a long log takes a while, and a broken one is shown, not a reason to keep the operator out.
      name: 'verification',
      start() {
        store.verify().catch((error: unknown) => log('The audit log could not be verified.', error));
      },
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
    changes,
    newConsoleLink: () => console_?.newLink() ?? null,
    record: async (type, data) => await record(type, 'gateway', data),
    async start() {
      const cores = await disableCoreDumps();
      if (!cores.disabled) log(`Core dumps of this process could not be switched off: ${cores.detail}`, null);
      await lifecycle.start();
      return {
        mcp_url: state.mcpUrl ?? '',
        metrics_url: null,
        console_url: console_?.url() ?? null,
        operator_socket: world.socketPath,
        data_dir: world.dataDir,
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
