/** A tool that the agent offered to the model; `namespace` is set where the API groups tools (Codex puts each MCP server in one). */
export interface OfferedTool {
  readonly name: string;
  readonly namespace?: string;
}

/** What the agent told the model about a call that it made. */
export interface ToolResult {
  readonly callId: string;
  readonly text: string;
}

/** What the script needs to know of one model request, whichever API carried it. */
export interface ModelRequest {
  readonly tools: readonly OfferedTool[];
  readonly toolResults: readonly ToolResult[];
  readonly streaming: boolean;
}

/** What the model answers. */
export type ModelReply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly callId: string; readonly tool: OfferedTool; readonly arguments: Readonly<Record<string, unknown>> };

/** One vendor's model API: how its requests are read and how a reply looks on the wire. */
export interface ModelApi {
  readonly path: string;
  /** @throws when the body is not that API's */
  read(body: unknown): ModelRequest;
  /** The whole reply as server-sent events. */
  stream(reply: ModelReply): string;
  /** The whole reply as one JSON document, for callers that did not ask for a stream. */
  document(reply: ModelReply): unknown;
}

/** One server-sent event; the name is left out where the API does not use one. */
export const sse = (data: unknown, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
