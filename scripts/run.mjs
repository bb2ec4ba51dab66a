import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program to its end without showing its output. Errors: one whose message is the end of what it wrote.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & {log?: (line: string) => void, tailLines?: number}} [options]
 *   `tailLines`: how much of its output the error shows
 */
export function run(command, args, { log = () => {}, tailLines = 15, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk) => {
      output = (output + chunk).slice(-200_000);
      const line = String(chunk).trim().split('\n').at(-1);
      if (line) log(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => (code === 0 ? resolve(output) : reject(failure(command, code ?? signal, output, tailLines))));
  });
}

const failure = (command, end, output, lines) =>
  new Error(`${command} ended with ${end}\n${output.trim().split('\n').slice(-lines).join('\n')}`);

/**
 * Hands the terminal to a program: its input, output and signals; ends this process as it ends.
 * @returns {Promise<never>}
 */
export function become(command, args) {
  // npm changes to the checkout; the program's relative paths are the caller's. An editor's terminal may say that Electron is to be plain Node.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(command, args, { cwd: process.env.INIT_CWD ?? process.cwd(), env, stdio: 'inherit' });
  // A terminal sends its Ctrl-C to the whole group: passing it on would make it two.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${command} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('close', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  return new Promise(() => {});
}
