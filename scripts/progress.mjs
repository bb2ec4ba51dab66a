// What a person sees while the scripts work: one line a step, its elapsed time, and a sign of life at least every two seconds.
import { performance } from 'node:perf_hooks';

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** A step failed. `fix` is the one command that mends it, or null where running the same again is all there is to do. */
export class StepFailure extends Error {
  constructor(step, cause, fix) {
    super(`${step} failed: ${cause.message}`, { cause });
    this.step = step;
    this.fix = fix;
  }
}

/**
 * @param {object} [options]
 * @param {NodeJS.WriteStream} [options.stream] where to write; stdout belongs to the command in some scripts
 * @param {boolean} [options.quiet] say nothing about steps that are done within half a second
 * @param {number} [options.heartbeatMs] the longest silence
 */
export function createProgress({ stream = process.stderr, quiet = false, heartbeatMs = 1900 } = {}) {
  const isLive = stream.isTTY === true;
  const show = (text) => stream.write(isLive ? `\r\u001b[2K${text}` : text);

  /**
   * Runs `work(log)`; `log` takes the latest thing it does.
   * @param {string} name what the step does, for people
   * @param {(log: (line: string) => void) => unknown} work
   * @param {{fix?: string}} [options] the one command that mends a failure
   */
  async function step(name, work, { fix } = {}) {
    const started = performance.now();
    let latest = '';
    let isShown = false;
    const beat = () => {
      isShown = true;
      show(`  ${name}${latest && `: ${latest}`} (${seconds(started)})${isLive ? '' : '\n'}`);
    };
    const log = (line) => {
      latest = line.slice(0, 120);
      if (isLive) beat();
    };
    const first = setTimeout(beat, 500);
    const timer = setInterval(beat, isLive ? 200 : heartbeatMs);
    try {
      const result = await work(log);
      if (!quiet || isShown) show(`✓ ${name} (${seconds(started)})\n`);
      return result;
    } catch (error) {
      show('');
      throw error instanceof StepFailure ? error : new StepFailure(name, error, error.fix ?? fix ?? null);
    } finally {
      clearTimeout(first);
      clearInterval(timer);
    }
  }

  return { step, say: (text) => show(`${text}\n`) };
}

/** Runs a script; a failed step ends it with what failed and what to do, anything else with its stack. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    console.error(`✗ ${error.message}`);
    if (error.fix !== null) console.error(`  Mend it with:  ${error.fix}`);
    process.exitCode = 1;
  }
}
