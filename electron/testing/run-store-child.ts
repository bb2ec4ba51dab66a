import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface StoreChild {
  readonly process: ChildProcess;
  /** Every line said so far, parsed. */
  readonly lines: unknown[];
  /** Resolves with line n (from 0) when it has been said; rejects when the child ended before. */
  line(n: number): Promise<unknown>;
  /** Resolves when the child has ended and everything it said was read. */
  ended(): Promise<void>;
}

/** Runs store-child.ts, by itself or as the last words of another command. */
export function runStoreChild(mode: 'forever' | 'fill' | 'limit' | 'hold', dataDir: string, wrapper: readonly string[] = []): StoreChild {
  const script = fileURLToPath(new URL('./store-child.ts', import.meta.url));
  const command = [process.execPath, script, mode, dataDir];
  const child = spawn(wrapper[0] ?? process.execPath, wrapper.length > 0 ? [...wrapper.slice(1), ...command] : command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: unknown[] = [];
  let complaints = '';
  let wake: () => void = () => undefined;
  let hasEnded = false;
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text));
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => (complaints += error.message));
    child.on('close', () => {
      hasEnded = true;
      wake();
      resolve();
    });
  });
  return {
    process: child,
    lines,
    ended: () => ended,
    async line(n) {
      while (lines.length <= n) {
        if (hasEnded) throw new Error(`the child ended (${child.exitCode ?? child.signalCode}) after ${lines.length} lines: ${complaints}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return lines[n];
    },
  };
}
