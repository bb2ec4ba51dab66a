import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentRunOptions } from '../testing/agents/agent-run.ts';
import { runClaudeCode } from '../testing/agents/claude-code.ts';
import { runCodex } from '../testing/agents/codex.ts';
import { runInspector } from '../testing/agents/inspector.ts';
import { runOpencode } from '../testing/agents/opencode.ts';
import type { ProgramRun } from '../testing/agents/run-program.ts';
import { createScriptedModel, type ScriptedModel } from '../testing/agents/scripted-model.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

/** Reads at once, and asks about every command: it is the approval in the middle that these tests are about. */
const policy = `version: 1
rules:
  - { id: reads, effect: allow, tools: [file_read, file_list, file_search] }
  - { id: commands-ask, effect: ask, reason: Commands ask in this test., tools: [bash] }
`;

const limitMs = 60_000;

const agents: readonly (readonly [string, (options: AgentRunOptions) => Promise<ProgramRun>])[] = [
  ['Claude Code', runClaudeCode],
  ['Codex', runCodex],
  ['opencode', runOpencode],
];

let host: HeadlessHost;

beforeAll(async () => {
  host = await startHeadlessHost({ policy });
});

afterAll(async () => {
  await host.stop();
});

describe('real agent programs, against a scripted model, through the gateway', () => {
  let model: ScriptedModel;
  let workspace: string;

  beforeEach(() => {
    workspace = host.workspace({ 'greet.txt': 'Helo.\n' });
    // Reads at once, writes after a yes, looks at the result at once, and is done.
    model = createScriptedModel({
      turns: [
        { tool: /gw_+file_read$/, arguments: { path: 'greet.txt' } },
        { tool: /gw_+bash$/, arguments: { command: 'sed -i s/Helo/Hello/ greet.txt && echo mended' } },
        { tool: /gw_+file_read$/, arguments: { path: 'greet.txt' } },
        { text: 'The greeting is mended.' },
      ],
    });
  });

  afterEach(async () => {
    await model.stop();
  });

  it.each(agents)('%s completes a task with one approval in the middle', async (name, run) => {
    const { token } = await host.mint(name, 'file:read,bash:exec', workspace);
    const ended = run({
      mcpUrl: String(host.ready['mcp_url']),
      token,
      modelUrl: await model.start(),
      prompt: 'Mend the greeting.',
      cwd: workspace,
      timeoutMs: limitMs,
    });
    const [approval] = await host.pending();
    if (approval === undefined) throw new Error('Nothing is pending.');
    expect(approval).toMatchObject({ agent: name, tool: 'bash', workspace, agent_connected: true });
    expect(approval.arguments).toEqual({ command: 'sed -i s/Helo/Hello/ greet.txt && echo mended' });
    expect(readFileSync(join(workspace, 'greet.txt'), 'utf8')).toBe('Helo.\n');
    expect((await host.approve(approval)).code).toBe(0);
    const { exitCode, stdout, stderr } = await ended;
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('The greeting is mended.');
    expect(model.problems).toEqual([]);
    expect(model.toolResults()).toEqual([
      expect.stringContaining('Helo.'),
      expect.stringContaining('mended'),
      expect.stringContaining('Hello.'),
    ]);
    expect(readFileSync(join(workspace, 'greet.txt'), 'utf8')).toBe('Hello.\n');
  });

  it.each(agents)('%s tells its model that the operator said no, why, and what next', async (name, run) => {
    const refused = createScriptedModel({
      turns: [{ tool: /gw_+bash$/, arguments: { command: 'rm greet.txt' } }, { text: 'I will not.' }],
    });
    const { token } = await host.mint(`${name} refused`, 'bash:exec', workspace);
    const ended = run({
      mcpUrl: String(host.ready['mcp_url']),
      token,
      modelUrl: await refused.start(),
      prompt: 'Remove it.',
      cwd: workspace,
      timeoutMs: limitMs,
    });
    const [approval] = await host.pending();
    await host.command('approvals', 'deny', approval?.id ?? '', '--reason', 'We still need it.');
    await ended;
    await refused.stop();
    expect(refused.toolResults()).toEqual([expect.stringContaining('We still need it.')]);
    expect(refused.toolResults()[0]).toContain('ask the operator');
    expect(existsSync(join(workspace, 'greet.txt'))).toBe(true);
  });
});

describe('the MCP inspector’s command line', () => {
  it('lists and calls tools at the gateway', async () => {
    const workspace = host.workspace({ 'a.txt': 'alpha\n' });
    const { token } = await host.mint('inspector', 'file:read', workspace);
    const options = { url: String(host.ready['mcp_url']), token, timeoutMs: limitMs };
    const listed = (await runInspector({ ...options, method: 'tools/list' })) as { readonly tools: readonly { readonly name: string }[] };
    expect(listed.tools.map(({ name }) => name).sort()).toEqual(['file_list', 'file_operations', 'file_read', 'file_search']);
    const called = await runInspector({ ...options, method: 'tools/call', toolName: 'file_read', toolArgs: { path: 'a.txt' } });
    expect(JSON.stringify(called)).toContain('alpha');
  });
});
