import { homedir, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { AuditEventType } from '../../shared/domain/audit.ts';
import type { JsonObject } from '../../shared/json.ts';
import { createAgentClients } from '../adapters/agent-clients/agent-clients.ts';
import { createAllowlist } from '../adapters/allowlist/allowlist.ts';
import { createBare } from '../adapters/bare/bare.ts';
import { createBubblewrap } from '../adapters/bubblewrap/bubblewrap.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createChangeFiles } from '../adapters/change-files/change-files.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { createBridge } from '../adapters/egress/bridge.ts';
import { createEgress } from '../adapters/egress/egress.ts';
import { createSystemDialer } from '../adapters/egress/system-dialer.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { createLocalOperations } from '../adapters/local-operations/local-operations.ts';
import { createSessionWatch } from '../adapters/session-watch/session-watch.ts';
import type { SessionWatch } from '../core/ports/session-watch.ts';
import { createMachineProbes } from '../adapters/machine/machine-probes.ts';
import { createPolicyFile } from '../adapters/policy-file/policy-file.ts';
import { createRecordings } from '../adapters/recordings/recordings.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { createSecretFiles } from '../adapters/secret-files/secret-files.ts';
import { createConfSettings } from '../adapters/settings/conf-settings.ts';
import { createSqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import { createHttpPoster } from '../adapters/webhook/http-poster.ts';
import type { WatchedText } from '../core/accepted-text.ts';
import { createChangeBus, type ChangeBus } from '../core/change-bus.ts';
import type { ChangeFiles } from '../core/ports/change-files.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Egress } from '../core/ports/egress.ts';
import { readAddress } from '../core/egress/address.ts';
import { createEgressGate, type EgressGate } from '../core/egress/egress-gate.ts';
import type { Files } from '../core/ports/files.ts';
import type { Layers } from '../core/ports/layers.ts';
import type { AgentClients, MachineProbes } from '../core/ports/machine.ts';
import type { PolicyFile } from '../core/ports/policy-file.ts';
import type { HttpPoster } from '../core/ports/http-poster.ts';
import type { OperationExecutor } from '../core/ports/operation-executor.ts';
import type { Recordings } from '../core/ports/recordings.ts';
import type { SecretSource } from '../core/ports/secret-source.ts';
import type { Store } from '../core/ports/store.ts';
import { createSandboxSwitch, type SandboxSwitch } from '../core/sandbox/sandbox-switch.ts';
import { createAcceptedSettings } from '../core/settings/accepted-settings.ts';
import { createAliasedSettings, type AliasedSettings } from '../core/settings/aliases.ts';
import { operatorSocketPath } from '../operator/socket-path.ts';
import type { GatehouseOptions } from './gatehouse.ts';

/** The adapters, and what is known of the machine. Nothing here decides anything. */
export interface World {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly home: string;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly settings: AliasedSettings;
  readonly store: Store;
  readonly files: Files;
  readonly sandbox: SandboxSwitch;
  /** Names of the toolchains under HOME that commands see. */
  readonly toolchains: () => Promise<readonly string[]>;
  readonly egress: Egress;
  readonly secrets: SecretSource;
  /** Signs requests to the webhook when the settings name no secret. */
  readonly ownSecretFile: string;
  readonly poster: HttpPoster;
  readonly layers: Layers;
  readonly changeFiles: ChangeFiles;
  readonly recordings: Recordings;
  readonly machine: MachineProbes;
  readonly sessionWatch: SessionWatch;
  readonly clients: AgentClients;
  readonly policyFile: PolicyFile;
  /** `isAgents`: whether agents can write below a place. */
  readonly localOperations: (isAgents: (path: string) => boolean) => OperationExecutor;
  readonly targetsFile: WatchedText;
  readonly defaultPolicy: string;
  /** Why the log cannot be written, or null. */
  degradedBecause(): string | null;
  lastVerification(): { readonly at: string; readonly ok: boolean } | null;
  /** Files that others could reach until this start. */
  repairs(): readonly JsonObject[];
  readonly record: (type: AuditEventType, actor: 'gateway' | 'operator', data: JsonObject) => Promise<void>;
  /** For what is worth an event and must not hold anything up. */
  readonly recordOrLog: (type: AuditEventType, data: JsonObject) => void;
}

/** For a name, and for a connection. Milliseconds. */
const dialMs = 15_000;

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Addresses of this machine's interfaces. */
const interfaceAddresses = (): readonly Uint8Array[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .flatMap(({ address }) => readAddress(address) ?? []);

/** All recordings of programs' output together, in bytes. */
const recordingBudget = 256 * 1024 * 1024;

export function createWorld(options: GatehouseOptions): World {
  const dataDir = resolve(options.dataDir);
  const socketPath = operatorSocketPath(dataDir, process.env['XDG_RUNTIME_DIR']);
  const home = homedir();
  const clock = createSystemClock();
  const bus = createChangeBus();
  const runner = createRunner();
  const protectedPaths = [dataDir, join(socketPath, '..')];
  const repairs: JsonObject[] = [];
  let degraded: string | null = null;
  let verified: { readonly at: string; readonly ok: boolean } | null = null;

  const settingsFile = createConfSettings({
    dataDir,
    onRepaired: (file, mode) => repairs.push({ path: file, from: mode, to: 0o600 }),
    ...(options.openSettingsStore === undefined ? {} : { openStore: options.openSettingsStore }),
  });
  const sqlite = createSqliteStore({
    dataDir,
    clock,
    onDegraded: (reason) => {
      degraded = reason;
      bus.changed('status');
    },
    onRepaired: (list) => repairs.push(...list.map(({ path, from, to }) => ({ path, from, to }))),
  });
  const store: Store = {
    ...sqlite,
    async verify() {
      const result = await sqlite.verify();
      verified = { at: new Date(clock.now()).toISOString(), ok: result.ok };
      bus.changed('status');
      return result;
    },
  };
  const accepted = createAcceptedSettings({ file: settingsFile, store, bus, isHolding: options.host === 'desktop' });
  const aliased = createAliasedSettings(accepted, process.env);
  const settings: AliasedSettings = {
    ...aliased,
    async start() {
      settingsFile.start();
      await aliased.start();
    },
  };
  const files = createFiles({ protectedPaths, home });
  const findProgram = createFindProgram(process.env['PATH'] ?? '');
  const layers = createLayers({
    runner,
    folder: join(dataDir, 'layers'),
    checkWorkspace: async (path) => await files.checkWorkspace(path),
    findProgram,
  });
  const dialer = createSystemDialer();
  // SECURITY: whatever a profile lists or a call names, the gateway itself is not there.
  const ownPorts = (): readonly number[] => {
    const { port, console_port } = settings.read().server;
    const callbacks = settings.read().deciders.callbacks.port;
    return [port, console_port, options.port ?? port, options.consolePort ?? console_port, callbacks];
  };
  const egress = createEgress({
    dialer,
    folder: join(dataDir, 'egress'),
    ownPorts,
    privateHosts: () => settings.read().safety.private_hosts,
    onAuthority: async ({ fingerprint, hosts, notAfter }) =>
      await record('certificate_authority.created', 'gateway', { fingerprint, hosts: [...hosts], not_after: notAfter.toISOString() }),
  });
  const privateHosts = (): readonly string[] => settings.read().safety.private_hosts;
  const gateFor = (hosts: () => readonly string[]): EgressGate =>
    createEgressGate({ dialer, ownPorts, ownAddresses: interfaceAddresses, privateHosts: hosts, timeLimitMs: dialMs });
  const localOperations = (isAgents: (path: string) => boolean): OperationExecutor =>
    createLocalOperations({
      runner,
      gate: gateFor(privateHosts),
      nameGate: gateFor(() => privateHosts().map((host) => `${host.replace(/:[0-9]+$/, '')}:1`)),
      path: process.env['PATH'] ?? '',
      isAgents: (path) => isWithin(path, dataDir) || isAgents(path),
    });
  const checkWorkspace = async (path: string): Promise<string> => await files.checkWorkspace(path);
  const bubblewrap = createBubblewrap({
    runner,
    home,
    protectedPaths,
    checkWorkspace,
    findProgram,
    seccompTable: join(options.resourcesDir, 'sandbox/seccomp.yaml'),
    stateDir: dataDir,
    umask: options.umask,
    bridge: createBridge({ runner, egress, findProgram }),
    runtimeDir: process.env['XDG_RUNTIME_DIR'] ?? null,
  });
  const sandbox = createSandboxSwitch({
    mode: () => settings.read().safety.bash_sandbox,
    bubblewrap,
    allowlist: createAllowlist({ runner, protectedPaths, checkWorkspace }),
    bare: createBare({ runner, home, checkWorkspace }),
    layer: () => layers.status(),
    limits: () => bubblewrap.limits(),
    store,
    record: async (data) => await record('sandbox.changed', 'gateway', data),
    bus,
    onError: (error) => options.log('The sandbox could not be tried again.', error),
  });
  const machine = createMachineProbes({
    dataDir,
    now: () => clock.now(),
    env: process.env,
    runtimeRecord: join(options.resourcesDir, '../.cache/electron/runtime.json'),
  });

  async function record(type: AuditEventType, actor: 'gateway' | 'operator', data: JsonObject): Promise<void> {
    await store.commit({ events: [{ type, actor, agent: null, token_id: null, task_id: null, call_id: null, data }], changes: [] });
    bus.changed('audit');
  }

  return {
    dataDir,
    socketPath,
    home,
    clock,
    bus,
    settings,
    store,
    files,
    sandbox,
    toolchains: async () => (await bubblewrap.toolchains()).map(({ name }) => name),
    egress,
    secrets: createSecretFiles(process.env),
    ownSecretFile: join(dataDir, 'webhook.secret'),
    poster: createHttpPoster(egress),
    layers,
    changeFiles: createChangeFiles({ dataDir, protectedPaths }),
    recordings: createRecordings({ folder: join(dataDir, 'recordings'), budgetBytes: recordingBudget }),
    machine,
    sessionWatch: createSessionWatch({
      env: process.env,
      clock,
      systemIdleMs: options.desktop === null ? null : () => options.desktop?.systemIdleMs() ?? 0,
      log: options.log,
    }),
    clients: createAgentClients({ home, env: process.env, dataDir, now: () => clock.now() }),
    policyFile: createPolicyFile(join(dataDir, 'policy.yaml')),
    localOperations,
    targetsFile: createPolicyFile(join(dataDir, 'targets.yaml')),
    defaultPolicy: join(options.resourcesDir, 'policy.default.yaml'),
    degradedBecause: () => degraded,
    lastVerification: () => verified,
    repairs: () => repairs,
    record,
    recordOrLog(type, data) {
      record(type, 'gateway', data).catch((error: unknown) => {
        options.log(`The event ${type} could not be recorded.`, error);
      });
    },
  };
}
