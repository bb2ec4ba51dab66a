import { resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { runMcpBridge } from '../mcp-bridge.ts';
import { createProvenFetch } from '../proven-fetch.ts';
import { readTokenFile } from '../token-file.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb, VerbContext } from '../verb.ts';

/** For agents that start their MCP servers themselves. */
export const mcpVerb: Verb = {
  name: 'mcp',
  about: 'MCP over stdin and stdout, passed on to the gateway',
  words: [],
  options: {
    'token-file': { type: 'string', value: 'FILE', about: 'the agent’s token, in a file with mode 0600 (else GATEHOUSE_TOKEN_FILE)' },
    port: { type: 'string', value: '9876', about: 'the agents’ port on 127.0.0.1 (else the running host is asked)' },
  },
  async run(context) {
    const { options, out, world } = context;
    const file = options.text('token-file') ?? world.env['GATEHOUSE_TOKEN_FILE'];
    if (file === undefined || file === '') throw new UsageError('Name the token’s file: --token-file FILE.');
    const token = readTokenFile(resolve(world.cwd, file));
    const port = options.number('port', { min: 1, max: 65_535 }) ?? (await runningPort(context));
    const connection = createProvenFetch({ port, token });
    await connection.prove();
    await runMcpBridge({
      mcpUrl: `http://127.0.0.1:${port}/mcp`,
      connection,
      stdin: world.stdin,
      stdout: world.stdoutStream,
      note: (text) => out.note(text),
      signal: world.signal,
    });
    return 0;
  },
};

async function runningPort({ host }: VerbContext): Promise<number> {
  const { mcp_url } = await host.invoke('status.get', {});
  if (mcp_url === null) throw new AppError('unavailable', 'The agents’ listener is not running.');
  return Number(new URL(mcp_url).port);
}
