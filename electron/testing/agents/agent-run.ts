/** What an agent program is started with, whichever it is. */
export interface AgentRunOptions {
  /** The gateway's MCP endpoint. */
  readonly mcpUrl: string;
  /** The bearer for that endpoint. */
  readonly token: string;
  /** The scripted model's base URL, as its `start()` returned it. */
  readonly modelUrl: string;
  readonly prompt: string;
  readonly cwd: string;
  /** HOME for the run, kept afterwards; a new one, removed afterwards, when left out. */
  readonly home?: string;
  /** After so many milliseconds the program and its children are killed. */
  readonly timeoutMs: number;
}
