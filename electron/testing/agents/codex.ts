import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentRunOptions } from './agent-run.ts';
import { agentsDir } from './install-dir.ts';
import { privateEnvironment, runProgram, withHome, type ProgramRun } from './run-program.ts';

const TRIPLES: Readonly<Record<string, string>> = { x64: 'x86_64-unknown-linux-musl', arm64: 'aarch64-unknown-linux-musl' };

const binary = (): string =>
  join(agentsDir(), '@openai', `codex-linux-${process.arch}`, 'vendor', TRIPLES[process.arch] ?? process.arch, 'bin', 'codex');

const config = (options: AgentRunOptions): string => `model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = ${JSON.stringify(`${options.modelUrl}/v1`)}
wire_api = "responses"
env_key = "MODEL_KEY"
[mcp_servers.gw]
url = ${JSON.stringify(options.mcpUrl)}
bearer_token_env_var = "GATEWAY_TOKEN"
default_tools_approval_mode = "approve"
`;

/** Runs Codex once, non-interactively, with the gateway as MCP server `gw`; its own approval is off for that server's tools. */
export const runCodex = (options: AgentRunOptions): Promise<ProgramRun> =>
  withHome(options.home, (home) => {
    const codexHome = join(home, '.codex');
    mkdirSync(codexHome, { recursive: true, mode: 0o700 });
    writeFileSync(join(codexHome, 'config.toml'), config(options), { mode: 0o600 });
    return runProgram({
      command: binary(),
      args: ['exec', '--skip-git-repo-check', '--json', options.prompt],
      cwd: options.cwd,
      env: { ...privateEnvironment(home), CODEX_HOME: codexHome, MODEL_KEY: 'scripted', GATEWAY_TOKEN: options.token },
      timeoutMs: options.timeoutMs,
    });
  });
