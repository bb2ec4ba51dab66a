import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createProgress, StepFailure } from './progress.mjs';

function recorder() {
  const lines: { readonly at: number; readonly text: string }[] = [];
  const started = performance.now();
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push({ at: performance.now() - started, text: chunk.toString() });
      done();
    },
  });
  return { lines, stream: stream as unknown as NodeJS.WriteStream };
}

test('a long step shows what it is at, at least every two seconds', async () => {
  const { lines, stream } = recorder();
  await createProgress({ stream }).step('Build', async (log: (line: string) => void) => {
    log('compiling');
    await pause(5000);
  });
  const times = [0, ...lines.map(({ at }) => at)];
  const silences = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.max(...silences)).toBeLessThan(2000);
  expect(lines[1]?.text).toMatch(/^ {2}Build: compiling \(\d+\.\d s\)\n$/);
  expect(lines.at(-1)?.text).toMatch(/^✓ Build \(5\.\d s\)\n$/);
});

test('a quiet step that is done at once says nothing', async () => {
  const { lines, stream } = recorder();
  expect(await createProgress({ stream, quiet: true }).step('Build', () => 'done')).toBe('done');
  expect(lines).toEqual([]);
});

test('a failure names the step and the command that mends it; the work may know a better one', async () => {
  const { step } = createProgress({ stream: recorder().stream });
  const failed = step('Build', () => Promise.reject(new Error('no space')), { fix: 'npm run build' });
  await expect(failed).rejects.toMatchObject({ message: 'Build failed: no space', fix: 'npm run build' });
  await expect(failed).rejects.toBeInstanceOf(StepFailure);
  const better = step('Packages', () => Promise.reject(Object.assign(new Error('missing'), { fix: 'sudo apt-get install -y x' })), {
    fix: 'x',
  });
  await expect(better).rejects.toMatchObject({ fix: 'sudo apt-get install -y x' });
});
