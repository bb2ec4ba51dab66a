export type ReadSecret = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };

/** Secrets that settings name and never hold. */
export interface SecretSource {
  /** `reference` is the absolute path of a 0600 file of ours, or `env:NAME`. `why` says what to do, and never what is in it. */
  read(reference: string): Promise<ReadSecret>;
  /** A PEM file: of ours or root's, and writable by nobody else. */
  certificates(path: string): Promise<ReadSecret>;
  /** Makes a file with 32 random bytes in hexadecimal, 0600, unless there is one. */
  ensure(path: string): Promise<void>;
}
