import type { OutputOf } from '../../../shared/contract/contract.ts';
import type { GrantOffer } from '../../../shared/domain/grant.ts';
import { fields, lines, shown, type Shown } from '../output.ts';

/** What a decision on the request could become, each rule with its hash and what `always` would write. */
export function offersText({ offers, until_quit_is, why }: OutputOf<'approvals.offers'>): Shown {
  if (offers.length === 0) return shown('It is decided once: no rule can be written for what it does.');
  const shortened =
    until_quit_is === '1h' && offers.some(({ durations }) => durations.includes('until-quit'))
      ? [shown(`until-quit is 1h here: ${why ?? 'nothing on this machine tells of a locked screen.'}`)]
      : [];
  return lines([...offers.map(offerText), ...shortened]);
}

function offerText({ effect, breadth, sentence, durations, hash, diff }: GrantOffer): Shown {
  const head = fields([
    [`to ${effect}, ${breadth}`, sentence],
    ['  for', durations.join(', ')],
    ['  hash', hash],
  ]);
  if (diff === null || !durations.includes('always')) return head;
  return lines([
    head,
    shown('  always would change policy.yaml:'),
    ...diff
      .trimEnd()
      .split('\n')
      .map((line) => shown(`    ${line}`)),
  ]);
}
