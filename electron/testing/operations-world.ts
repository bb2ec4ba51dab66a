import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFiles } from '../adapters/files/files.ts';
import { createSystemDialer } from '../adapters/egress/system-dialer.ts';
import { createLocalOperations } from '../adapters/local-operations/local-operations.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { readAddress } from '../core/egress/address.ts';
import { createEgressGate, type EgressGate } from '../core/egress/egress-gate.ts';
import type { CallReply, PipelineDeps } from '../core/pipeline/call-context.ts';
import { handleToolCall } from '../core/pipeline/handle-tool-call.ts';
import type { OperationExecutor } from '../core/ports/operation-executor.ts';
import { createKnownNames } from '../core/targets/known-names.ts';
import { createOperationTools } from '../core/targets/operation-tools.ts';
import { builtInLocal } from '../core/targets/target-registry.ts';
import { createFileTools } from '../core/tools/file-tools.ts';
import { createToolRegistry } from '../core/tools/registry.ts';
import type { AgentToken, Scope } from '../../shared/domain/identity.ts';
import { scopes } from '../../shared/domain/identity.ts';
import { Target } from '../../shared/domain/target.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createPipelineHarness, type PipelineHarness } from './pipeline-harness.ts';

/** The real pipeline with the real operations on this machine, whose programs are small stand-ins on a PATH of their own: real processes. */
export interface OperationsWorld {
  readonly harness: PipelineHarness;
  readonly deps: PipelineDeps;
  readonly clock: FakeClock;
  readonly executor: OperationExecutor;
  readonly folder: string;
  /** Puts a program in the PATH: the lines of a shell script. Every run of it is in `runs`. */
  program(name: string, script: string): void;
  /** The canary: each program that really ran, with its arguments, one word between two bars. */
  runs(): readonly string[];
  forgetRuns(): void;
  token(given?: {
    readonly scopes?: readonly Scope[];
    readonly targets?: readonly string[];
    readonly workspaces?: readonly string[];
  }): Promise<AgentToken>;
  target(id: string, over?: Partial<Target>): Target;
  call(token: AgentToken, tool: string, args: unknown, signal?: AbortSignal): Promise<Extract<CallReply, { kind: 'result' }>>;
  /** The rule that the last call's denial names. */
  ruleOf(reply: CallReply): unknown;
  close(): Promise<void>;
}

export interface OperationsWorldOptions {
  /** What names lead to; any other has no address. */
  readonly names?: Readonly<Record<string, string>>;
  readonly privateHosts?: readonly string[];
  readonly ownPorts?: readonly number[];
  /** The effective user that operations think they have; root unless told. */
  readonly uid?: number;
}

export async function createOperationsWorld(options: OperationsWorldOptions = {}): Promise<OperationsWorld> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-operations-')));
  const bin = join(folder, 'bin');
  const log = join(folder, 'runs.log');
  mkdirSync(bin, { mode: 0o755 });
  const clock = createFakeClock();
  const harness = await createPipelineHarness({ clock });
  const runner = createRunner();
  const gateFor = (privateHosts: readonly string[]): EgressGate => {
    const system = createSystemDialer();
    return createEgressGate({
      dialer: {
        ...system,
        resolve: (host) => Promise.resolve([readAddress(options.names?.[host] ?? host)].filter((address) => address !== null)),
      },
      ownPorts: () => options.ownPorts ?? [],
      ownAddresses: () => [],
      privateHosts: () => privateHosts,
      timeLimitMs: 5000,
    });
  };
  const privateHosts = options.privateHosts ?? [];
  const executor = createLocalOperations({
    runner,
    gate: gateFor(privateHosts),
    nameGate: gateFor(privateHosts.map((host) => `${host.replace(/:\d+$/, '')}:1`)),
    path: bin,
    isAgents: (path) => path.startsWith(join(folder, 'workspace')),
    uid: options.uid ?? 0,
  });
  const fileTools = createFileTools({ files: createFiles({ protectedPaths: [join(folder, 'data')], home: '/nonexistent' }) });
  const registry = createToolRegistry([
    ...fileTools,
    ...createOperationTools({
      executors: ({ type }) => (type === 'local' ? executor : null),
      names: createKnownNames(clock),
      fileTool: (name) => fileTools.find((tool) => tool.name === name) ?? null,
      outputLimit: () => 262_144,
    }),
  ]);
  const deps: PipelineDeps = { ...harness.deps, registry };

  return {
    harness,
    deps,
    clock,
    executor,
    folder,
    program(name, script) {
      const file = join(bin, name);
      rmSync(file, { force: true });
      writeFileSync(file, `#!/bin/bash\nPATH=/usr/bin:/bin\n{ printf '%s' ${name}; printf '|%s' "$@"; echo; } >> ${log}\n${script}\n`);
      chmodSync(file, 0o755);
    },
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []),
    forgetRuns: () => writeFileSync(log, ''),
    async token(given = {}) {
      const { id } = await harness.tokens.mint({
        agent: 'ops',
        scopes: [...(given.scopes ?? scopes)],
        ttl: '1d',
        workspaces: [],
        targets: [],
      });
      const token = harness.tokens.list().find((one) => one.id === id);
      if (token === undefined) throw new Error('The token was not minted.');
      return { ...token, targets: [...(given.targets ?? ['local'])], workspaces: [...(given.workspaces ?? [])] };
    },
    target(id, over = {}) {
      const target = Target.parse({ ...builtInLocal, id, ...over });
      harness.setTarget(target);
      return target;
    },
    async call(token, tool, args, signal = new AbortController().signal) {
      const reply = await handleToolCall(deps, {
        token,
        tool,
        args,
        signal,
        connection: { isConnected: () => true, onChange: () => () => undefined },
        reportProgress: () => undefined,
      });
      if (reply.kind !== 'result') throw new Error(`${tool} is unknown`);
      return reply;
    },
    ruleOf: (reply) => (reply.kind === 'result' ? reply.structured?.['rule'] : undefined),
    async close() {
      await runner.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A container engine: `containers` is a file with one name a line. */
export const dockerScript = (containers: string): string => `case "$1 $2" in
'container ls') if [[ "$*" == *json* ]]; then while read -r name; do echo "{\\"Names\\":\\"$name\\"}"; done < ${containers}; else cat ${containers}; fi ;;
'container start'|'container stop'|'container restart') echo "$4" ;;
'image pull') echo "pulled $4" ;;
*) echo "unknown: $*" >&2; exit 64 ;;
esac`;
