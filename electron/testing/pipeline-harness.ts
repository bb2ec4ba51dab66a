import type { EffectiveSandbox } from '../../shared/domain/sandbox.ts';
import { z } from 'zod';
import { createApprovalBroker, type ApprovalBroker } from '../core/approvals/approval-broker.ts';
import { createGrants, type Grants } from '../core/approvals/grants.ts';
import { createChangeBus } from '../core/change-bus.ts';
import type { TaskLayer } from '../core/changes/task-layers.ts';
import { createTokenService, type TokenService } from '../core/identity/token-service.ts';
import { createLiveOutput } from '../core/live-output.ts';
import type { CallReply, IncomingCall, PipelineDeps } from '../core/pipeline/call-context.ts';
import { createPanic, type Panic } from '../core/panic/panic.ts';
import { createGate } from '../core/pipeline/gate.ts';
import { handleToolCall } from '../core/pipeline/handle-tool-call.ts';
import { createRunningCalls } from '../core/pipeline/running-calls.ts';
import type { Policy, PolicyInput } from '../core/policy/policy.ts';
import type { Store } from '../core/ports/store.ts';
import { createRates, type Rates } from '../core/rate/rates.ts';
import { createRefusalLog, type RefusalLog } from '../core/rate/refusal-log.ts';
import { createOpenTasks } from '../core/tasks/open-tasks.ts';
import { builtInLocal } from '../core/targets/target-registry.ts';
import { createTargetSlots } from '../core/targets/target-slots.ts';
import { createToolRegistry } from '../core/tools/registry.ts';
import type { Resolution, ToolDefinition } from '../core/tools/tool.ts';
import type { Approval } from '../../shared/domain/approval.ts';
import type { AuditEvent } from '../../shared/domain/audit.ts';
import type { Verdict } from '../../shared/domain/call.ts';
import type { ApprovalMode } from '../../shared/domain/deciders.ts';
import type { AgentToken, Digest } from '../../shared/domain/identity.ts';
import type { Settings } from '../../shared/domain/settings.ts';
import type { Target } from '../../shared/domain/target.ts';
import { AppError } from '../../shared/errors.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createFakeStore } from './fake-store.ts';

/** What the settings say about who decides. */
export interface FakeDeciders {
  readonly isEnabled: boolean;
  readonly mode: ApprovalMode;
  readonly hasOutside: boolean;
}

/** The pipeline and the broker, real, over a store and a clock that tests hold in their hands. */
export interface PipelineHarness {
  readonly deps: PipelineDeps;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly broker: ApprovalBroker;
  readonly grants: Grants;
  readonly tokens: TokenService;
  readonly panic: Panic;
  readonly refusals: RefusalLog;
  /** The canary: the text of every call whose effect really happened, in order. */
  readonly effects: string[];
  /** Who decides from now on; the window unless told. */
  decideBy(next: Partial<FakeDeciders>): void;
  /** What a target is from now on. */
  setTarget(target: Target): void;
  /** What policy says from now on. */
  judge(effect: Verdict['effect']): void;
  /** What commands run in from now on; bubblewrap unless told. */
  confine(next: EffectiveSandbox): void;
  /** The content of the one operand of every call, as the hash that `rehash` finds from now on. */
  changeOperand(): void;
  /** From now on `rehash` finds that its file has moved out of reach. */
  loseOperand(): void;
  /** Commits from now on fail as on a full disk, or work again. */
  breakStore(broken: boolean | ((type: string) => boolean)): void;
  mint(agent?: string): Promise<AgentToken>;
  call(
    token: AgentToken,
    text: string,
    options?: { readonly tool?: string; readonly args?: unknown; readonly signal?: AbortSignal },
  ): Promise<CallReply>;
  /** Waits until that many requests are pending and returns them, oldest first. */
  pending(count?: number): Promise<readonly Approval[]>;
  events(): Promise<readonly AuditEvent[]>;
}

const noLayer: TaskLayer = {
  view: () => null,
  openForWriting: () => Promise.reject(new Error('There is no layer in this test.')),
  written: () => null,
  close: () => Promise.resolve(),
};

const digestOf = (character: string): Digest => character.repeat(64) as Digest;

export interface HarnessStart {
  readonly store?: Store;
  readonly clock?: FakeClock;
  /** How often agents may call and ask; without, as often as they like. */
  readonly limits?: Settings['limits'];
}

const unlimited: Rates = { checkCall: () => null, checkPrompt: () => null };

export async function createPipelineHarness(start: HarnessStart = {}): Promise<PipelineHarness> {
  const clock = start.clock ?? createFakeClock();
  const inner = start.store ?? createFakeStore({ clock });
  await inner.start();
  const bus = createChangeBus();
  const effects: string[] = [];
  let effect: Verdict['effect'] = 'allow';
  let confinement: EffectiveSandbox = 'bubblewrap';
  let operand: ReturnType<typeof digestOf> | null = digestOf('a');
  let isBroken: (type: string) => boolean = () => false;

  const store: Store = {
    ...inner,
    commit: async (unit) => {
      if (unit.events.some(({ type }) => isBroken(type))) throw new AppError('unavailable', 'The disk is full.');
      return await inner.commit(unit);
    },
  };

  const schema = z.strictObject({ text: z.string() });
  const tool: ToolDefinition<typeof schema> = {
    name: 'effect',
    title: 'Effect',
    description: 'Has an effect that a test can see.',
    scope: 'bash:exec',
    risk: 'high',
    arguments: schema,
    resolve: ({ text }): Promise<Resolution> =>
      Promise.resolve({
        target: 'local',
        workspace: '/workspace',
        cwd: '/workspace',
        argv: ['effect', text],
        env: {},
        operands: operand === null ? [] : [{ path: '/workspace/run.sh', sha256: operand }],
        commands: [`effect ${text}`],
        preview: {
          summary: 'have an effect',
          command: text,
          cwd: '/workspace',
          paths: [],
          operands: [],
          programs: ['effect'],
          runs_unlisted: [],
          unparsed: false,
          diff: null,
        },
        rehash: () =>
          operand === null
            ? Promise.reject(new AppError('forbidden', 'it leads out of the workspace'))
            : Promise.resolve([{ path: '/workspace/run.sh', sha256: operand }]),
        execute: ({ signal }) => {
          if (text === 'throw') throw new Error('a bug with a secret in its message');
          if (text === 'hang') return new Promise((resolve) => signal.addEventListener('abort', () => resolve(outputOf('cut'))));
          effects.push(text);
          return Promise.resolve(outputOf(`did ${text}`));
        },
        release: () => Promise.resolve(),
      }),
  };

  const policy = {
    evaluate: (): Verdict => ({
      effect,
      rule: `rule-${effect}`,
      reason: `The test says ${effect}.`,
      profile: 'default',
      policy_version: 'v1',
    }),
    withReach: (input: PolicyInput) => input,
  } as unknown as Policy;
  const tokens = createTokenService({ store, files: { checkWorkspace: (path) => Promise.resolve(path) }, clock, bus });
  let deciders: FakeDeciders = { isEnabled: true, mode: 'window', hasOutside: false };
  const { limits } = start;
  const refusals = createRefusalLog({ store, clock, onError: () => undefined });
  const rates = limits === undefined ? unlimited : createRates({ clock, limits: () => limits, refusals });
  const isTokenActive: TokenService['isActive'] = (id) => panic.since() === null && tokens.isActive(id);
  const broker = createApprovalBroker({
    rates,
    store,
    clock,
    bus,
    timeoutSeconds: () => 270,
    isTokenActive,
    rules: { isEnabled: () => deciders.isEnabled, mode: () => deciders.mode, hasOutside: () => Promise.resolve(deciders.hasOutside) },
  });
  const grants = createGrants({
    clock,
    store,
    bus,
    home: '/home/me',
    isTokenActive,
    onError: () => undefined,
  });
  const targets = new Map<string, Target>([[builtInLocal.id, builtInLocal]]);
  const gate = createGate({ store, clock, bus });
  const running = createRunningCalls();
  const jobs = { list: () => [], stopAll: () => Promise.resolve() };
  const panic = createPanic({ store, clock, bus, parts: () => ({ running, jobs, broker, grants, gate }) });
  await panic.start();
  const deps: PipelineDeps = {
    panic,
    rates,
    refusals,
    registry: createToolRegistry([tool]),
    policy,
    broker,
    grants,
    decidesAlone: () => deciders.mode === 'window' || deciders.mode === 'both',
    store,
    tasks: createOpenTasks({ store, clock, busyUntil: () => null, onClosed: () => undefined, onError: () => undefined }),
    gate,
    running,
    live: createLiveOutput(),
    clock,
    bus,
    targets: { get: (id) => targets.get(id) ?? null, deniedBecause: () => null },
    slots: createTargetSlots(),
    // The effect has no files.
    layers: { forTask: () => Promise.resolve(noLayer), isUsed: () => false },
    changes: { collect: () => Promise.resolve(null) },
    recordings: { put: () => Promise.resolve(), get: () => Promise.resolve(null) },
    isTokenActive,
    confinement: () => confinement,
  };
  await tokens.start();

  async function pending(count = 1): Promise<readonly Approval[]> {
    for (let tries = 0; tries < 200; tries += 1) {
      const found = await broker.list({ state: 'pending', limit: 100 });
      if (found.length === count) return [...found].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`Not ${count.toString()} requests are pending.`);
  }

  return {
    deps,
    store,
    clock,
    broker,
    grants,
    tokens,
    panic,
    refusals,
    effects,
    decideBy(next) {
      deciders = { ...deciders, ...next };
    },
    setTarget(target) {
      targets.set(target.id, target);
    },
    judge(next) {
      effect = next;
    },
    confine(next) {
      confinement = next;
    },
    changeOperand() {
      operand = digestOf('b');
    },
    loseOperand() {
      operand = null;
    },
    breakStore(broken) {
      isBroken = typeof broken === 'function' ? broken : () => broken;
    },
    async mint(agent = 'tester') {
      const { id } = await tokens.mint({ agent, scopes: ['bash:exec'], ttl: '1d', workspaces: [], targets: [] });
      const token = tokens.list().find((one) => one.id === id);
      if (token === undefined) throw new Error('The token was not minted.');
      return token;
    },
    async call(token, text, options = {}) {
      const incoming: IncomingCall = {
        token,
        tool: options.tool ?? 'effect',
        args: 'args' in options ? options.args : { text },
        signal: options.signal ?? new AbortController().signal,
        connection: { isConnected: () => true, onChange: () => () => undefined },
        reportProgress: () => undefined,
      };
      return await handleToolCall(deps, incoming);
    },
    pending,
    events: async () => await store.auditEvents({ after_seq: 0, limit: 1000 }),
  };
}

function outputOf(text: string): {
  text: string;
  structured: Record<string, never>;
  isError: boolean;
  exitCode: number;
  truncated: boolean;
  bytes: number;
} {
  return { text, structured: {}, isError: false, exitCode: 0, truncated: false, bytes: text.length };
}
