import { join } from 'node:path';
import { agentsDir } from './install-dir.ts';
import { privateEnvironment, runProgram, withHome } from './run-program.ts';

interface InspectorOptions {
  readonly url: string;
  readonly token: string;
  /** Such as `tools/list` or `tools/call`. */
  readonly method: string;
  readonly toolName?: string;
  readonly toolArgs?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const toolFlags = ({ toolName, toolArgs }: InspectorOptions): string[] => [
  ...(toolName === undefined ? [] : ['--tool-name', toolName]),
  ...Object.entries(toolArgs ?? {}).flatMap(([key, value]) => ['--tool-arg', `${key}=${value}`]),
];

/**
 * Sends one request with the MCP Inspector's command line.
 * @returns what it printed, parsed
 * @throws with its output when it failed or printed no JSON
 */
export const runInspector = (options: InspectorOptions): Promise<unknown> =>
  withHome(undefined, async (home) => {
    const launcher = join(agentsDir(), '@modelcontextprotocol', 'inspector', 'clients', 'launcher', 'build', 'index.js');
    const target = ['--cli', options.url, '--transport', 'http', '--header', `Authorization: Bearer ${options.token}`];
    const run = await runProgram({
      command: process.execPath,
      args: [launcher, ...target, '--method', options.method, ...toolFlags(options)],
      cwd: home,
      env: privateEnvironment(home),
      timeoutMs: options.timeoutMs,
    });
    try {
      return JSON.parse(run.stdout) as unknown;
    } catch (cause) {
      throw new Error(`the inspector printed no JSON (exit ${String(run.exitCode)}): ${run.stdout}${run.stderr}`, { cause });
    }
  });
