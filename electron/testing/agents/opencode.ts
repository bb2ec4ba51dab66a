import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentRunOptions } from './agent-run.ts';
import { agentsDir } from './install-dir.ts';
import { privateEnvironment, runProgram, withHome, type ProgramRun } from './run-program.ts';

const binary = (): string => join(agentsDir(), `opencode-linux-${process.arch}-baseline`, 'bin', 'opencode');

const config = (options: AgentRunOptions): unknown => ({
  autoupdate: false,
  share: 'disabled',
  model: 'scripted/scripted',
  small_model: 'scripted/scripted',
  provider: {
    scripted: {
      npm: '@ai-sdk/openai-compatible',
      name: 'scripted',
      options: { baseURL: `${options.modelUrl}/v1`, apiKey: 'scripted' },
      models: { scripted: { name: 'scripted', tool_call: true } },
    },
  },
  // Its own tools are off: its `bash` would run a scripted command here, past the gateway.
  tools: { '*': false, 'gw_*': true },
  mcp: { gw: { type: 'remote', url: options.mcpUrl, oauth: false, headers: { Authorization: `Bearer ${options.token}` } } },
});

/** Runs opencode once, non-interactively, with the gateway as MCP server `gw`; its tools are then called `gw_…`. */
export const runOpencode = (options: AgentRunOptions): Promise<ProgramRun> =>
  withHome(options.home, (home) => {
    const file = join(home, 'opencode.json');
    writeFileSync(file, JSON.stringify(config(options)), { mode: 0o600 });
    return runProgram({
      command: binary(),
      args: ['run', '--format', 'json', options.prompt],
      cwd: options.cwd,
      env: {
        ...privateEnvironment(home),
        OPENCODE_CONFIG: file,
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      },
      timeoutMs: options.timeoutMs,
    });
  });
