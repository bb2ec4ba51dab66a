/** `policy.yaml` in the data directory, or another file that decides. */
export interface PolicyFileSource {
  readonly path: string;
  /** The text, or null when the file does not exist. Errors: `unavailable` when it exists and cannot be read. */
  read(): Promise<string | null>;
  /** Calls back after the file changed on disk; the returned function stops watching. */
  watch(onChange: () => void): () => void;
}

/** One that the console can write. */
export interface PolicyFile extends PolicyFileSource {
  /** What lies on disk now, by `policyVersion`, whether or not it is what `read` answers; `unreadable` where it cannot be read. */
  version(): Promise<string>;
  /** Puts the text in place of the file, whole or not at all, mode 0600. Errors: `unavailable`. */
  write(text: string): Promise<void>;
}
