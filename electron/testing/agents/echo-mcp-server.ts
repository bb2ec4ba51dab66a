import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NodeIncomingMessageLike, NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { closeNow, listenOnLoopback, readBody } from './loopback.ts';

/** One HTTP request as it arrived, with the bearer left out; `closedEarlyMs` is when the client hung up before the reply was complete. */
interface SeenMcpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: unknown;
  readonly status: number;
  readonly closedEarlyMs: number | null;
}

export interface EchoMcpServer {
  /** Every HTTP request in order of arrival, refused ones included. */
  readonly seen: readonly SeenMcpRequest[];
  /** The `command` of every `bash` call that ran to its end. */
  readonly commands: readonly string[];
  /** Starts on a free loopback port. @returns the endpoint's URL */
  start(): Promise<string>;
  stop(): Promise<void>;
}

interface EchoMcpServerOptions {
  readonly token: string;
  /** How long one call takes, in milliseconds: stands for the operator's thinking time. */
  readonly waitMs: number;
  /** Time between two progress notifications, in milliseconds. */
  readonly progressEveryMs: number;
}

const wait = async (ctx: ServerContext, options: EchoMcpServerOptions): Promise<void> => {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  for (let waited = 0; waited < options.waitMs; waited += options.progressEveryMs) {
    await sleep(Math.min(options.progressEveryMs, options.waitMs - waited), undefined, { signal: ctx.mcpReq.signal });
    if (progressToken === undefined) continue;
    await ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress: waited + options.progressEveryMs, message: 'waiting for the operator' },
    });
  }
};

const echoServer = (options: EchoMcpServerOptions, commands: string[]): McpServer => {
  const server = new McpServer({ name: 'echo', version: '1.0.0' });
  server.registerTool(
    'bash',
    { description: 'Run a shell command', inputSchema: z.object({ command: z.string() }) },
    async ({ command }, ctx) => {
      await wait(ctx, options);
      commands.push(command);
      return { content: [{ type: 'text', text: `echo: ${command}` }] };
    },
  );
  return server;
};

const plainHeaders = (req: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, name === 'authorization' ? '(present)' : String(value)]));

/**
 * A plain MCP server with one slow `bash` tool that runs nothing: the known-good peer that shows whether a failing end-to-end test
 * is the product's fault or the agent program's. Serves revision 2026-07-28 and the sessionful 2025 ones; requires the bearer.
 */
export const createEchoMcpServer = (options: EchoMcpServerOptions): EchoMcpServer => {
  const seen: SeenMcpRequest[] = [];
  const commands: string[] = [];
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const modern = createMcpHandler(() => echoServer(options, commands), { legacy: 'reject' });
  const serveModern = toNodeHandler(modern);

  const openSession = async (): Promise<NodeStreamableHTTPServerTransport> => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await echoServer(options, commands).connect(transport);
    return transport;
  };

  const record = (req: IncomingMessage, res: ServerResponse, message: unknown): void => {
    const began = Date.now();
    const row = { method: req.method ?? '', headers: plainHeaders(req), message, status: 0, closedEarlyMs: null as number | null };
    seen.push(row);
    res.once('close', () => {
      row.status = res.statusCode;
      row.closedEarlyMs = res.writableFinished ? null : Date.now() - began;
    });
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const text = await readBody(req);
    const message: unknown = text === '' ? undefined : JSON.parse(text);
    record(req, res, message);
    if (req.url !== '/mcp') return void res.writeHead(404).end();
    if (req.headers.authorization !== `Bearer ${options.token}`) return void res.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end();
    const sessionId = req.headers['mcp-session-id'];
    if (typeof sessionId === 'string') {
      const session = sessions.get(sessionId);
      return session ? await session.handleRequest(req, res, message) : void res.writeHead(404).end();
    }
    // The SDK's own node types miss exactOptionalPropertyTypes; the object is what it asks for.
    const incoming = req as NodeIncomingMessageLike;
    const isModern = req.method === 'POST' && !(await isLegacyRequest(await toWebRequest(incoming, message)));
    if (isModern) return await serveModern(incoming, res, message);
    return await (await openSession()).handleRequest(req, res, message);
  };

  const http = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => {
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end(String(error));
    });
  });

  return {
    seen,
    commands,
    start: async () => `http://127.0.0.1:${await listenOnLoopback(http)}/mcp`,
    stop: async () => {
      await modern.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      await closeNow(http);
    },
  };
};
