/** One simple command of a command line. */
export interface ShellCommand {
  /** Its words after quote removal; null where a word is not static (expansion, substitution, glob). */
  readonly words: readonly (string | null)[];
  /** The words joined by single spaces as policy matches them; a word that is not static appears as its source text. */
  readonly text: string;
  /** argv[0] when it is static. */
  readonly program: string | null;
  /** Bytes of the source text that it covers, for marking. */
  readonly span: { readonly start: number; readonly end: number };
}

export interface ShellAnalysis {
  /** Every simple command, also inside substitutions, loops, functions, pipelines and `bash -c '…'` with a static text. */
  readonly commands: readonly ShellCommand[];
  /** Every static word of the text, redirect targets included: candidates for operands. */
  readonly words: readonly string[];
  readonly redirects: readonly { readonly target: string | null; readonly writes: boolean }[];
  /** False when something in the text was not understood; then `problem` says what, and no allow rule on commands may apply. */
  readonly complete: boolean;
  readonly problem: string | null;
}

/** Shell text is never proven safe by a prefix (THREATS rule 17): it is parsed with tree-sitter-bash. */
export interface ShellParser {
  /** Loads the grammar. Errors: `unavailable`. */
  start(): Promise<void>;
  parse(text: string): ShellAnalysis;
}
