import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs xdotool and answers its output; throws when it fails. */
export async function xdotool(...args: string[]): Promise<string> {
  return (await run('xdotool', args, { timeout: 10_000 })).stdout.trim();
}

/** The name of the window that has the keyboard. */
export async function focusedWindow(): Promise<string> {
  return await xdotool('getwindowfocus', 'getwindowname');
}

export const pause = async (milliseconds: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Searching fails when any window goes away meanwhile, so it is tried again. */
async function idOf(title: string): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const found = await xdotool('search', '--onlyvisible', '--name', `^${title}$`).catch(() => '');
    if (found !== '') return found.split('\n')[0] ?? '';
    await pause(100);
  }
  throw new Error(`No window is called ${title}.`);
}

/** Brings the window of this name to the front and gives it the keyboard. Asked again while another window, which was just
 * shown, takes it away: the window must have kept the keyboard for a moment. */
export async function activate(title: string): Promise<void> {
  let kept = 0;
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await focusedWindow().catch(() => '')) === title) {
      kept += 1;
      if (kept === 3) return;
    } else {
      kept = 0;
      await xdotool('windowactivate', await idOf(title)).catch(() => '');
    }
    await pause(100);
  }
  throw new Error(`The window called ${title} does not keep the keyboard: ${await focusedWindow().catch(() => 'none')} has it.`);
}

/** A window of another program, in which the operator types. */
export interface TypingWindow {
  readonly title: string;
  /** Gives it the keyboard. */
  activate(): Promise<void>;
  /** Whether a key that is pressed now arrives in it. */
  receivesKeys(): Promise<boolean>;
  close(): void;
}

export async function openTypingWindow(): Promise<TypingWindow> {
  const title = `typing-${process.pid}`;
  const program = spawn('xev', ['-name', title, '-event', 'keyboard', '-geometry', '400x300+50+500'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  program.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await idOf(title);
  return {
    title,
    activate: async () => await activate(title),
    async receivesKeys() {
      output = '';
      await xdotool('key', 'a');
      await pause(300);
      return output.includes('KeyPress');
    },
    close: () => void program.kill(),
  };
}
