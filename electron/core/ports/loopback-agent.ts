/** A minimal agent of our own, for the built-in try-out: it goes in by the front door like any other. */
export interface LoopbackAgent {
  /** Calls one tool at the gateway's public address. Errors: `unavailable` when the gateway does not answer. */
  call(request: {
    readonly url: string;
    readonly token: string;
    readonly tool: string;
    readonly args: Readonly<Record<string, unknown>>;
  }): Promise<{ readonly text: string; readonly isError: boolean }>;
}

/** Scratch folders outside the data directory. */
export interface ScratchFolders {
  /** A new, empty folder of the operator's (0700). */
  create(): Promise<string>;
  remove(path: string): Promise<void>;
}
