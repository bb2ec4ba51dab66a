import { z } from 'zod';
import type { AgentToken } from '../../shared/domain/identity.ts';
import type { CallReply, IncomingCall } from '../core/pipeline/call-context.ts';
import type { ToolRegistry } from '../core/tools/registry.ts';
import type { McpBackend, McpCallResult } from './mcp-backend.ts';

export interface PipelineBackendDeps {
  readonly registry: ToolRegistry;
  /** The gateway's own record of a token; null once it has ended. */
  readonly tokenOf: (id: string) => AgentToken | null;
  readonly handle: (call: IncomingCall) => Promise<CallReply>;
}

/** Joins MCP to the pipeline. An agent sees the tools that its scopes allow, and every call goes through the one story. */
export function createPipelineBackend({ registry, tokenOf, handle }: PipelineBackendDeps): McpBackend {
  return {
    listTools(principal) {
      const token = tokenOf(principal.tokenId);
      const visible = registry.list().filter((tool) => token?.scopes.includes(tool.scope) === true);
      return Promise.resolve(
        visible.map((tool) => ({
          name: tool.name,
          title: tool.title,
          description: tool.description,
          inputSchema: z.toJSONSchema(tool.arguments, { io: 'input' }),
        })),
      );
    },

    async callTool(name, args, context): Promise<McpCallResult | 'unknown_tool'> {
      const token = tokenOf(context.principal.tokenId);
      if (token === null)
        return result({
          kind: 'result',
          text: 'Denied. The token has ended.',
          structured: { outcome: 'denied', rule: 'builtin:token', reason: 'The token has ended.' },
          isError: true,
        });
      const reply = await handle({
        token,
        tool: name,
        args,
        signal: context.signal,
        connection: { isConnected: () => context.isConnected(), onChange: (listener) => context.onDisconnected(listener) },
        reportProgress: (message) => {
          context.reportProgress(message);
        },
      });
      return reply.kind === 'unknown_tool' ? 'unknown_tool' : result(reply);
    },
  };
}

function result(reply: Extract<CallReply, { kind: 'result' }>): McpCallResult {
  return {
    content: [{ type: 'text', text: reply.text }],
    isError: reply.isError,
    ...(reply.structured === null ? {} : { structuredContent: reply.structured }),
  };
}
