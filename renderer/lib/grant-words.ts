import type { Grant, GrantDuration } from '../../shared/domain/grant.ts';
import { duration as lengthOf } from './format.ts';

/** What can be chosen besides once. */
export type Longer = Exclude<GrantDuration, 'once'>;

export const longerNames: Record<Longer, string> = {
  task: 'This task',
  '15m': '15 min',
  '1h': '1 h',
  'until-quit': 'Until quit',
  always: 'Always',
};

/** `for 15 min`, as it goes on after a verb. */
export function forWords(duration: Longer, untilQuitIs: '1h' | 'until-quit'): string {
  if (duration === 'always') return 'always';
  if (duration === 'until-quit') return untilQuitIs === '1h' ? 'for 1 h' : 'until quit';
  return duration === 'task' ? 'for this task' : `for ${longerNames[duration]}`;
}

/** When a grant ends, from now on. */
export function grantEnd({ expires_at, duration }: Pick<Grant, 'expires_at' | 'duration'>, now: number): string {
  if (expires_at === null) return duration === 'task' ? 'ends with its task' : 'ends at quit or screen lock';
  const left = Date.parse(expires_at) - now;
  return left > 0 ? `ends in ${lengthOf(Math.max(1000, Math.ceil(left / 1000) * 1000)).replace('.0 s', ' s')}` : 'ending';
}
