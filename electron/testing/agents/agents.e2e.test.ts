import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentRunOptions } from './agent-run.ts';
import { runClaudeCode } from './claude-code.ts';
import { runCodex } from './codex.ts';
import { createEchoMcpServer, type EchoMcpServer } from './echo-mcp-server.ts';
import { runInspector } from './inspector.ts';
import { runOpencode } from './opencode.ts';
import type { ProgramRun } from './run-program.ts';
import { createScriptedModel, type ScriptedModel } from './scripted-model.ts';

// The positive control of every test that runs an agent program against the gateway: the same programs against a plain MCP server.

const TOKEN = 'the-right-token';
const WAIT_MS = 3_000;
const LIMIT_MS = 40_000;

let mcp: EchoMcpServer;
let model: ScriptedModel;
let mcpUrl: string;
let options: AgentRunOptions;

beforeEach(async () => {
  mcp = createEchoMcpServer({ token: TOKEN, waitMs: WAIT_MS, progressEveryMs: 1_000 });
  model = createScriptedModel({ turns: [{ tool: /gw_+bash$/, arguments: { command: 'echo canary' } }, { text: 'The script is done.' }] });
  mcpUrl = await mcp.start();
  const cwd = mkdtempSync(join(tmpdir(), 'gatehouse-agent-cwd-'));
  options = { mcpUrl, token: TOKEN, modelUrl: await model.start(), prompt: 'Run it.', cwd, timeoutMs: LIMIT_MS };
});

afterEach(async () => {
  await Promise.all([mcp.stop(), model.stop()]);
  rmSync(options.cwd, { recursive: true, force: true });
});

const agents: readonly (readonly [string, (options: AgentRunOptions) => Promise<ProgramRun>])[] = [
  ['Claude Code', runClaudeCode],
  ['Codex', runCodex],
  ['opencode', runOpencode],
];

const methods = (): unknown[] => mcp.seen.map(({ message }) => (message as { method?: unknown } | undefined)?.method);

it.each(agents)('%s lists and calls a slow tool, and tells its model the result', async (_name, run) => {
  const ended = await run(options);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0, timedOut: false });
  expect(ended.stdout).toContain('The script is done.');
  expect(mcp.commands).toEqual(['echo canary']);
  expect(methods()).toEqual(expect.arrayContaining(['tools/list', 'tools/call']));
  expect(model.problems).toEqual([]);
  expect(model.toolResults()).toEqual([expect.stringContaining('echo: echo canary')]);
  expect(ended.durationMs).toBeGreaterThan(WAIT_MS);
});

it('an agent with a wrong token is refused and calls nothing', async () => {
  await runCodex({ ...options, token: 'a-wrong-token' });
  expect(mcp.seen.map(({ status }) => status)).toEqual([401]);
  expect(mcp.commands).toEqual([]);
  expect(model.toolResults()).toEqual([]);
});

it('an agent is killed at its time limit, together with its connections', async () => {
  const slow = createEchoMcpServer({ token: TOKEN, waitMs: 60_000, progressEveryMs: 1_000 });
  try {
    const ended = await runCodex({ ...options, mcpUrl: await slow.start(), timeoutMs: 6_000 });
    expect(ended).toMatchObject({ exitCode: null, timedOut: true });
    const call = slow.seen.at(-1);
    expect(call?.message).toMatchObject({ method: 'tools/call' });
    await expect.poll(() => call?.closedEarlyMs).toEqual(expect.any(Number));
  } finally {
    await slow.stop();
  }
});

it('the inspector lists and calls the tool', async () => {
  const inspector = { url: mcpUrl, token: TOKEN, timeoutMs: LIMIT_MS };
  expect(await runInspector({ ...inspector, method: 'tools/list' })).toMatchObject({ tools: [{ name: 'bash' }] });
  const call = { ...inspector, method: 'tools/call', toolName: 'bash', toolArgs: { command: 'echo canary' } };
  expect(await runInspector(call)).toMatchObject({ content: [{ type: 'text', text: 'echo: echo canary' }] });
});

it('the inspector fails on a wrong token', async () => {
  const refused = runInspector({ url: mcpUrl, token: 'a-wrong-token', method: 'tools/list', timeoutMs: LIMIT_MS });
  await expect(refused).rejects.toThrow('auth_required');
});
