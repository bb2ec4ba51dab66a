import { describe, expect, it } from 'vitest';
import { createRecorder } from './asciicast.ts';

describe('asciicast', () => {
  it('writes a header and one event for each piece of output, in seconds since the beginning', () => {
    let now = 1000;
    const recorder = createRecorder({ columns: 80, rows: 24, monotonic: () => now, startedAt: 1_700_000_000_900, title: 'npm test' });
    recorder.output('one\r\n');
    now += 1250;
    recorder.output('\u001b[31mtwo"');
    const [header, ...events] = (recorder.finish() ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(header).toEqual({ version: 2, width: 80, height: 24, timestamp: 1_700_000_000, title: 'npm test' });
    expect(events).toEqual([
      [0, 'o', 'one\r\n'],
      [1.25, 'o', '\u001b[31mtwo"'],
    ]);
  });

  it('is nothing where nothing was printed', () => {
    expect(createRecorder({ columns: 80, rows: 24, monotonic: () => 0, startedAt: 0, title: '' }).finish()).toBeNull();
  });
});
