import type { AgentToken, CallId, TaskId } from '../../shared/domain/identity.ts';
import type { LayerView } from '../core/ports/layers.ts';
import { builtInLocal } from '../core/targets/target-registry.ts';
import type { ToolContext, ToolRun } from '../core/tools/tool.ts';

/** A view that is the file system itself: what is written there is there. For tools over fake files. */
export const plainView = (task: TaskId = 'task_0000000000000000' as TaskId): LayerView => ({
  task,
  roots: [],
  namespaces: null,
  scan: async () => ({ changes: [], skipped: [] }),
  bytes: async () => 0,
  close: async () => undefined,
});

/** What a tool is told about its caller. */
export const toolContext = (token: AgentToken, view: LayerView | null = null): ToolContext => ({
  token,
  task: 'task_0000000000000000' as TaskId,
  call: 'call_00000000000000000000' as CallId,
  target: builtInLocal,
  view,
});

/** What a call is run with. */
export const toolRun = (over: Partial<ToolRun> = {}): ToolRun => ({
  profile: 'default',
  signal: new AbortController().signal,
  onOutput: () => undefined,
  onStarted: () => undefined,
  onEgress: () => undefined,
  openLayer: async () => plainView(),
  ...over,
});

/** Jobs of a place where none can be started. */
export const noJobs = { start: () => Promise.reject(new Error('no jobs here')), network: () => Promise.resolve(null) };
