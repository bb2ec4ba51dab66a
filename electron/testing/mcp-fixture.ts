import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type McpBackend, type McpCallContext, type McpToolDescription } from '../gateway/mcp-backend.ts';
import { createMcpEndpoint, type McpEndpoint, type McpEndpointDeps } from '../gateway/mcp-endpoint.ts';

/** A backend whose tools tests steer: `echo` answers its arguments, `wait` answers when released or aborted, `deny`, `bug`. */
export interface FakeMcpBackend extends McpBackend {
  readonly calls: { name: string; args: unknown; context: McpCallContext }[];
  /** Lets every waiting call answer. */
  release(): void;
}

export interface McpFixture {
  readonly url: URL;
  readonly backend: FakeMcpBackend;
  readonly endpoint: McpEndpoint;
  readonly errors: { error: unknown; reference: string }[];
  /** Connects the real SDK client; the token is its bearer. */
  connect(mode: ClientMode, token?: string): Promise<Client>;
  /** One raw request with the token as bearer. */
  send(method: string, body?: unknown, headers?: Record<string, string>, token?: string): Promise<Response>;
  stop(): Promise<void>;
}

export type ClientMode = '2025' | '2026';

const TOOLS: McpToolDescription[] = ['echo', 'wait', 'deny', 'bug'].map((name) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false },
  annotations: { readOnlyHint: true },
}));

export function createFakeMcpBackend(): FakeMcpBackend {
  const calls: FakeMcpBackend['calls'] = [];
  const waiting = new Set<() => void>();
  return {
    calls,
    release: () => waiting.forEach((answer) => answer()),
    listTools: async (principal) => [...TOOLS, { name: `only_${principal.tokenId}`, description: 'Private.', inputSchema: {} }],
    async callTool(name, args, context) {
      calls.push({ name, args, context });
      if (name === 'echo')
        return { content: [{ type: 'text', text: JSON.stringify(args) }], structuredContent: { agent: context.principal.agent } };
      if (name === 'deny') {
        return {
          isError: true,
          content: [{ type: 'text', text: 'Denied by rule r1.' }],
          structuredContent: { outcome: 'denied', rule: 'r1', reason: 'no' },
        };
      }
      if (name === 'bug') throw new Error('secret detail');
      if (name !== 'wait') return 'unknown_tool';
      context.reportProgress('Waiting for the operator');
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        context.signal.addEventListener('abort', () => resolve());
      });
      return { content: [{ type: 'text', text: context.signal.aborted ? 'aborted' : 'released' }] };
    },
  };
}

/** The endpoint on a real node:http server behind the plainest front door: the bearer is the token's id, `agent-<id>` its agent. */
export async function startMcpFixture(deps: Partial<McpEndpointDeps> = {}): Promise<McpFixture> {
  const backend = createFakeMcpBackend();
  const errors: McpFixture['errors'] = [];
  const endpoint = createMcpEndpoint({
    backend,
    serverInfo: { name: 'gatehouse', version: '0.0.1' },
    maxSessionsPerToken: 4,
    onError: (error, reference) => errors.push({ error, reference }),
    ...deps,
  });
  const server = createServer((req, res) => void frontDoor(endpoint, req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  return {
    url,
    backend,
    endpoint,
    errors,
    async connect(mode, token = 'tok-a') {
      const client = new Client({ name: 'probe', version: '9' }, mode === '2026' ? { versionNegotiation: { mode: 'auto' } } : {});
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
      return client;
    },
    send: (method, body, headers = {}, token = 'tok-a') =>
      fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    async stop() {
      await endpoint.stop();
      await closeServer(server);
    },
  };
}

async function frontDoor(endpoint: McpEndpoint, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const tokenId = req.headers.authorization?.replace('Bearer ', '') ?? '';
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  await endpoint.handle({ req, res, body, principal: { tokenId, agent: `agent-${tokenId}` } });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The messages of a response, whether it is one JSON document or a stream of events. */
export async function messagesOf(response: Response): Promise<Record<string, unknown>[]> {
  const text = await response.text();
  const documents = response.headers.get('content-type')?.includes('event-stream')
    ? text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []))
    : [text];
  return documents.map((document) => JSON.parse(document) as Record<string, unknown>);
}
