import type { Readable, Writable } from 'node:stream';
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  PROTOCOL_VERSION_META_KEY,
  StreamableHTTPClientTransport,
  type JSONRPCMessage,
  type JSONRPCRequest,
} from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { AppError } from '../../shared/errors.ts';
import type { ProvenFetch } from './proven-fetch.ts';

export interface McpBridgeOptions {
  readonly mcpUrl: string;
  readonly connection: ProvenFetch;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** For people, on stderr: stdout belongs to the protocol. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly abort: AbortController;
  /** From 2026-07-28 on a request is cancelled by closing its response; earlier, by a notification. */
  readonly isModern: boolean;
  readonly isInitialize: boolean;
}

const failed = -32_000;

/**
 * Lets an agent that only speaks MCP over stdio use the gateway: messages are passed on as they are, both ways, and every request is
 * answered, by us when the gateway cannot be reached. Settles when the agent closes stdin or `signal` aborts.
 * How the server proves itself before it gets the token: see `createProvenFetch`.
 */
export async function runMcpBridge(options: McpBridgeOptions): Promise<void> {
  const pending = new Map<string | number, Pending>();
  const agent = new StdioServerTransport(options.stdin, options.stdout);
  const gateway = new StreamableHTTPClientTransport(new URL(options.mcpUrl), { fetch: (url, init) => options.connection.fetch(url, init) });

  const answer = (message: JSONRPCMessage): void => {
    agent.send(message).catch((error: unknown) => options.note(`The agent could not be answered: ${textOf(error)}`));
  };
  const fail = (id: string | number, error: unknown): void => {
    if (!pending.delete(id)) return;
    answer({ jsonrpc: '2.0', id, error: { code: failed, message: textOf(error) } });
  };

  const passRequest = async (message: JSONRPCRequest): Promise<void> => {
    const isModern = message.params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
    const abort = new AbortController();
    pending.set(message.id, { abort, isModern, isInitialize: isInitializeRequest(message) });
    const onRequestStreamEnd = (): void =>
      fail(message.id, new AppError('unavailable', 'The gateway ended the answer before it was complete.'));
    try {
      await gateway.send(message, { requestSignal: abort.signal, onRequestStreamEnd });
    } catch (error) {
      // A cancelled request has no answer.
      if (abort.signal.aborted) pending.delete(message.id);
      else fail(message.id, error);
    }
  };

  const passNotification = async (message: JSONRPCMessage): Promise<void> => {
    const cancelled =
      isJSONRPCNotification(message) && message.method === 'notifications/cancelled' ? message.params?.['requestId'] : undefined;
    const request = typeof cancelled === 'string' || typeof cancelled === 'number' ? pending.get(cancelled) : undefined;
    if (request?.isModern === true) {
      request.abort.abort();
      return;
    }
    try {
      await gateway.send(message);
    } catch (error) {
      options.note(`A message of the agent's was not passed on: ${textOf(error)}`);
    }
  };

  gateway.onmessage = (message) => {
    if ((isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) && message.id !== undefined) {
      const request = pending.get(message.id);
      pending.delete(message.id);
      if (request?.isInitialize === true && isJSONRPCResultResponse(message)) {
        const version = message.result['protocolVersion'];
        if (typeof version === 'string') gateway.setProtocolVersion(version);
      }
    }
    answer(message);
  };
  gateway.onerror = (error) => options.note(textOf(error));
  agent.onerror = (error) => options.note(`The agent sent something that is not MCP: ${textOf(error)}`);
  // What an agent sends right behind its initialize needs the session that the answer to it names.
  let initialized: Promise<void> = Promise.resolve();
  const pass = async (message: JSONRPCMessage): Promise<void> => {
    await initialized;
    await (isJSONRPCRequest(message) ? passRequest(message) : passNotification(message));
  };
  agent.onmessage = (message) => {
    if (isJSONRPCRequest(message) && isInitializeRequest(message)) initialized = passRequest(message);
    else void pass(message);
  };

  const closed = new Promise<void>((resolve) => {
    agent.onclose = resolve;
    if (options.signal.aborted) resolve();
    else options.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await gateway.start();
  await agent.start();
  await closed;
  await endSession(gateway, options.note);
}

async function endSession(gateway: StreamableHTTPClientTransport, note: (text: string) => void): Promise<void> {
  try {
    await gateway.terminateSession();
  } catch (error) {
    note(`The session could not be ended; it ends by itself: ${textOf(error)}`);
  }
  await gateway.close();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
