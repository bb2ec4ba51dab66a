import { describe, expect, it } from 'vitest';
import { changeEntry } from '../../testing/store-records.ts';
import { changeDigest, digestInTurns, isBoundAlike } from './set-state.ts';

const link = { type: 'symlink', target: 'über "there"\n' } as const;
const some = [
  changeEntry(),
  changeEntry({ before: link, after: null, kind: 'deleted' }),
  changeEntry({ from: '/srv/project/old', before: link }),
];

describe('what a decision is bound to', () => {
  it.each([0, 1, 3])('has the same digest at once and piece by piece, of %i entries', async (count) => {
    const entries = some.slice(0, count);
    expect(await digestInTurns(entries)).toBe(changeDigest(entries));
  });

  it('is the same while only states change, and another with any other path or version', () => {
    const [first, ...rest] = some as [(typeof some)[number], ...typeof some];
    expect(isBoundAlike(some, [{ ...first, state: 'undone', reason: 'again' }, ...rest])).toBe(true);
    expect(isBoundAlike(some, rest)).toBe(false);
    expect(isBoundAlike(rest, some)).toBe(false);
    for (const other of [{ path: '/srv/project/other' }, { from: '/srv/project/x' }, { before: link }, { after: null }]) {
      expect(isBoundAlike(some, [{ ...first, ...other }, ...rest])).toBe(false);
    }
  });
});
