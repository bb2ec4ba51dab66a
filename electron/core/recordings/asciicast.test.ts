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

  it('says which size the terminal has from when on', () => {
    let now = 0;
    const recorder = createRecorder({ columns: 80, rows: 24, monotonic: () => now, startedAt: 0, title: 'top' });
    recorder.resize(120, 40);
    expect(recorder.finish()).toBeNull();
    now += 500;
    recorder.output('x');
    recorder.resize(100, 30);
    const lines = (recorder.finish() ?? '').trimEnd().split('\n').slice(1);
    expect(lines).toEqual(['[0,"r","120x40"]', '[0.5,"o","x"]', '[0.5,"r","100x30"]']);
  });

  it('is nothing where nothing was printed', () => {
    expect(createRecorder({ columns: 80, rows: 24, monotonic: () => 0, startedAt: 0, title: '' }).finish()).toBeNull();
  });
});
