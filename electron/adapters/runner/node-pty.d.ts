// The package's own declarations name only its alias, so what is used of it is declared here.
declare module 'node-pty' {
  export interface Pty {
    readonly pid: number;
    /** Buffers, because the encoding is null. */
    onData(listener: (data: Uint8Array) => void): { dispose(): void };
    onExit(listener: (end: { readonly exitCode: number; readonly signal?: number }) => void): { dispose(): void };
    write(data: string): void;
    resize(columns: number, rows: number): void;
    destroy(): void;
  }
  export function spawn(
    file: string,
    args: readonly string[],
    options: {
      readonly name: string;
      readonly cols: number;
      readonly rows: number;
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly encoding: null;
    },
  ): Pty;
}
