/** Who calls: what the front door read from the gateway's own records after it checked the bearer token. */
export interface McpPrincipal {
  readonly tokenId: string;
  readonly agent: string;
}

/** A tool as an agent sees it. `inputSchema` is JSON Schema whose root describes an object. */
export interface McpToolDescription {
  name: string;
  title?: string;
  description: string;
  inputSchema: Record<string, unknown>;
  annotations?: Record<string, unknown>;
}

/** What the client calls itself. Display text without authority: any client may claim any name. */
export interface McpClientClaim {
  name: string;
  version: string;
}

/** What a call knows about where it came from. */
export interface McpCallContext {
  principal: McpPrincipal;
  client: McpClientClaim | null;
  /** Aborted when the call is cancelled, its session or token ends, or the gateway stops. */
  signal: AbortSignal;
  /** Tells a waiting client what the call waits for. The endpoint repeats the last message every 5 s, so report changes only. */
  reportProgress(message: string): void;
  /** Whether the client still holds the response open. Under the 2025 revisions a call outlives its stream. */
  isConnected(): boolean;
  /** Calls back once when the response is gone; the returned function forgets it. */
  onDisconnected(listener: () => void): () => void;
}

/** A tool's answer; a denial is one too, with `isError`. */
export interface McpCallResult {
  content: { type: 'text'; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** What the MCP endpoint needs from the product. */
export interface McpBackend {
  listTools(principal: McpPrincipal): Promise<McpToolDescription[]>;
  /** `args` is the very object that the front door parsed (`{}` when the client sent none); `unknown_tool` becomes JSON-RPC −32602. */
  callTool(name: string, args: unknown, context: McpCallContext): Promise<McpCallResult | 'unknown_tool'>;
}
