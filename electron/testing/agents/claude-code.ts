import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentRunOptions } from './agent-run.ts';
import { agentsDir } from './install-dir.ts';
import { privateEnvironment, runProgram, withHome, type ProgramRun } from './run-program.ts';

const binary = (): string => join(agentsDir(), '@anthropic-ai', `claude-code-linux-${process.arch}`, 'claude');

/** Runs Claude Code once, in print mode; the gateway's server is called `gw` and its tools `mcp__gw__…`, all of them pre-allowed. */
export const runClaudeCode = (options: AgentRunOptions): Promise<ProgramRun> =>
  withHome(options.home, (home) => {
    const servers = { gw: { type: 'http', url: options.mcpUrl, headers: { Authorization: `Bearer ${options.token}` } } };
    const config = join(home, 'mcp.json');
    writeFileSync(config, JSON.stringify({ mcpServers: servers }), { mode: 0o600 });
    return runProgram({
      command: binary(),
      args: ['-p', options.prompt, '--mcp-config', config, '--strict-mcp-config', '--allowedTools', 'mcp__gw', '--output-format', 'json'],
      cwd: options.cwd,
      env: {
        ...privateEnvironment(home),
        ANTHROPIC_BASE_URL: options.modelUrl,
        ANTHROPIC_API_KEY: 'scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ENABLE_TOOL_SEARCH: 'false',
      },
      timeoutMs: options.timeoutMs,
    });
  });
