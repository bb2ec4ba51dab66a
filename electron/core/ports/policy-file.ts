/** `policy.yaml` in the data directory. */
export interface PolicyFileSource {
  readonly path: string;
  /** The text, or null when the file does not exist. Errors: `unavailable` when it exists and cannot be read. */
  read(): Promise<string | null>;
  /** Calls back after the file changed on disk; the returned function stops watching. */
  watch(onChange: () => void): () => void;
}
