import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEchoMcpServer, type EchoMcpServer } from '../../testing/agents/echo-mcp-server.ts';
import { agentsDir } from '../../testing/agents/install-dir.ts';
import { closeNow, listenOnLoopback, readBody } from '../../testing/agents/loopback.ts';
import { sse } from '../../testing/agents/model-api.ts';
import { privateEnvironment, runProgram, type ProgramRun } from '../../testing/agents/run-program.ts';
import { createScriptedModel, type ScriptedModel } from '../../testing/agents/scripted-model.ts';
import type { AgentClients } from '../../core/ports/machine.ts';
import { createAgentClients } from './agent-clients.ts';

// What `connect` writes, read by the real programs: they reach the gateway's tools without asking, and have none of their own left.

const TOKEN = 'gth_abcdefgh23456789_0123456789012345678901234567890123456789abc';
const LIMIT_MS = 100_000;
const CODEX_TRIPLES: Readonly<Record<string, string>> = { x64: 'x86_64-unknown-linux-musl', arm64: 'aarch64-unknown-linux-musl' };

interface Program {
  readonly kind: 'claude-code' | 'codex' | 'opencode';
  readonly command: () => string;
  readonly args: readonly string[];
  readonly env: (modelUrl: string) => Record<string, string>;
  /** The user's own configuration before connecting: where the model is. */
  readonly config: (modelUrl: string) => readonly (readonly [string, string])[];
  /** Its own tools as it offers them to its model. */
  readonly own: readonly string[];
}

const codexConfig = (modelUrl: string, model: string): string => `model = "${model}"
model_provider = "scripted"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "MODEL_KEY"
`;

const opencodeConfig = (modelUrl: string): unknown => ({
  autoupdate: false,
  share: 'disabled',
  model: 'scripted/scripted',
  small_model: 'scripted/scripted',
  provider: {
    scripted: {
      npm: '@ai-sdk/openai-compatible',
      name: 'scripted',
      options: { baseURL: `${modelUrl}/v1`, apiKey: 'scripted' },
      models: { scripted: { name: 'scripted', tool_call: true } },
    },
  },
  // What the user has must not win over what is switched off.
  permission: { bash: 'allow', '*': 'allow' },
});

const claude: Program = {
  kind: 'claude-code',
  command: () => join(agentsDir(), '@anthropic-ai', `claude-code-linux-${process.arch}`, 'claude'),
  args: ['-p', 'Run it.', '--output-format', 'json'],
  env: (modelUrl) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'scripted',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ENABLE_TOOL_SEARCH: 'false',
  }),
  config: () => [],
  own: ['Bash', 'Edit', 'Write', 'NotebookEdit', 'WebFetch', 'WebSearch', 'Monitor'],
};

const codex: Program = {
  kind: 'codex',
  command: () =>
    join(agentsDir(), '@openai', `codex-linux-${process.arch}`, 'vendor', CODEX_TRIPLES[process.arch] ?? process.arch, 'bin', 'codex'),
  args: ['exec', '--skip-git-repo-check', '--json', 'Run it.'],
  env: () => ({ MODEL_KEY: 'scripted' }),
  config: (modelUrl) => [['.codex/config.toml', codexConfig(modelUrl, 'scripted')]],
  own: ['exec_command', 'write_stdin'],
};

const opencode: Program = {
  kind: 'opencode',
  command: () => join(agentsDir(), `opencode-linux-${process.arch}-baseline`, 'bin', 'opencode'),
  args: ['run', '--format', 'json', 'Run it.'],
  env: () => ({
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  }),
  config: (modelUrl) => [['.config/opencode/opencode.json', JSON.stringify(opencodeConfig(modelUrl))]],
  own: ['bash', 'edit', 'write', 'webfetch'],
};

let home: string;
let cwd: string;
let mcp: EchoMcpServer;
let mcpUrl: string;
let model: ScriptedModel;
let clients: AgentClients;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-connect-'));
  cwd = mkdtempSync(join(tmpdir(), 'gatehouse-connect-cwd-'));
  mcp = createEchoMcpServer({ token: TOKEN, waitMs: 0, progressEveryMs: 1_000 });
  model = createScriptedModel({
    turns: [{ tool: /gatehouse_+bash$/, arguments: { command: 'echo canary' } }, { text: 'The script is done.' }],
  });
  mcpUrl = await mcp.start();
  clients = createAgentClients({ home, env: {}, dataDir: join(home, 'data'), now: Date.now });
});

afterEach(async () => {
  await Promise.all([mcp.stop(), model.stop()]);
  for (const folder of [home, cwd]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
};
const connect = async (kind: Program['kind'], disableOwnTools: boolean): Promise<void> => {
  await clients.apply(await clients.plan(kind, { mcpUrl, disableOwnTools }), TOKEN);
};
const run = (program: Program, modelUrl: string): Promise<ProgramRun> =>
  runProgram({
    command: program.command(),
    args: program.args,
    cwd,
    env: { ...privateEnvironment(home), ...program.env(modelUrl) },
    timeoutMs: LIMIT_MS,
  });

const cases = [claude, codex, opencode].flatMap((program) => [true, false].map((off) => [program.kind, off, program] as const));

it.each(cases)('%s, connected with its own tools off: %s', async (kind, off, program) => {
  const modelUrl = await model.start();
  for (const [path, text] of program.config(modelUrl)) put(path, text);
  await connect(kind, off);
  const ended = await run(program, modelUrl);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0, timedOut: false });
  expect(model.problems).toEqual([]);
  expect(mcp.commands).toEqual(['echo canary']);
  const offered = model.requests.filter(({ side }) => !side).flatMap(({ offeredTools }) => offeredTools);
  // The control: left on, they are all offered.
  for (const tool of program.own) expect(offered.includes(tool), tool).toBe(!off);
});

const patch = '*** Begin Patch\n*** Add File: canary.txt\n+written by Codex itself\n*** End Patch';
const usage = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 1,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 2,
};
const patchCall = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'apply_patch', input: patch, status: 'completed' };
const farewell = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Done.', annotations: [] }],
};

it.each([
  [true, false],
  [false, true],
])('Codex, which cannot hide apply_patch, with its own tools off: %s, writes with it: %s', async (off, writes) => {
  let turns = 0;
  const server = createServer((req, res) => {
    void readBody(req).then(() => {
      if (req.url !== '/v1/responses') return res.writeHead(404).end();
      turns += 1;
      const events = [
        { type: 'response.created', response: { id: `resp_${turns}` } },
        { type: 'response.output_item.done', output_index: 0, item: turns === 1 ? patchCall : farewell },
        { type: 'response.completed', response: { id: `resp_${turns}`, usage } },
      ];
      return res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(events.map((event) => sse(event, event.type)).join(''));
    });
  });
  const modelUrl = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  try {
    // A model that Codex knows, because it offers apply_patch to those only; and a user who had let Codex write.
    put('.codex/config.toml', `sandbox_mode = "workspace-write"\n${codexConfig(modelUrl, 'gpt-5.5')}`);
    await connect('codex', off);
    const ended = await run(codex, modelUrl);
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0, timedOut: false });
    expect(turns).toBe(2);
    expect(existsSync(join(cwd, 'canary.txt'))).toBe(writes);
  } finally {
    await closeNow(server);
  }
});
