import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { AppError } from '../../../shared/errors.ts';
import type { LoopbackAgent } from '../../core/ports/loopback-agent.ts';

/** Longer than any approval may wait. Milliseconds. */
const timeoutMs = 295_000;

/** The official client, over HTTP on loopback: nothing is short-circuited. */
export function createLoopbackAgent(version: string): LoopbackAgent {
  return {
    async call({ url, token, tool, args }) {
      const client = new Client({ name: 'gatehouse-tryout', version });
      const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } });
      try {
        await client.connect(transport);
        const result = await client.callTool({ name: tool, arguments: { ...args } }, { timeout: timeoutMs, onprogress: () => undefined });
        const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
        return { text, isError: result.isError === true };
      } catch (error) {
        throw new AppError('unavailable', 'The gateway did not answer the built-in call.', { cause: error });
      } finally {
        await client.close();
      }
    },
  };
}
