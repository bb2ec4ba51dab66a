import type { Word } from './word.ts';

/** A command as it stands in the source, before wrappers are looked through. */
export interface RawCommand {
  /** `A=1` before the program; they change what the program does, so policy sees them. */
  readonly assignments: readonly string[];
  readonly words: readonly Word[];
  /** UTF-16 indices. */
  readonly start: number;
  readonly end: number;
}

export interface RawRedirect {
  /** `>`, `>>`, `<`, … without the descriptor. */
  readonly operator: string;
  readonly target: Word;
  readonly writes: boolean;
  readonly start: number;
  readonly end: number;
}

/** What one text says, read without running anything. */
export interface Script {
  readonly commands: RawCommand[];
  readonly redirects: RawRedirect[];
  /** Things that run no program but change what later programs do: assignments, arithmetic, tests. */
  readonly effects: { readonly text: string; readonly start: number; readonly end: number }[];
  readonly words: string[];
  readonly functions: string[];
  problem: string | null;
}

/** The first problem is the one told; any makes the analysis incomplete. */
export function report(script: { problem: string | null }, problem: string): void {
  script.problem ??= problem;
}
