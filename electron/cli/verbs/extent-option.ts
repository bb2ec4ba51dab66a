import { GrantBreadth, GrantDuration, grantDurations } from '../../../shared/domain/grant.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import type { OptionSpec } from '../verb.ts';
import type { Options } from '../options.ts';
import { UsageError } from '../usage-error.ts';

const hashPlace = 'gatehouse approvals show ID prints it beside the rule';

/** How long a decision counts, and over what. */
export const extentOptions = {
  grant: { type: 'string', value: grantDurations.join('|'), about: 'how long it counts; once unless said otherwise' },
  breadth: {
    type: 'string',
    value: GrantBreadth.options.join('|'),
    about: 'this very call, or calls like it; exact unless said otherwise',
  },
  confirm: { type: 'string', value: 'HASH', about: `of the rule that was shown; always needs it (${hashPlace})` },
} as const satisfies Record<string, OptionSpec>;

export interface ExtentInput {
  readonly duration?: GrantDuration;
  readonly breadth?: GrantBreadth;
  readonly hash?: Digest;
}

/** What the options say; nothing for a decision that counts once. Errors: UsageError. */
export function extentOf(options: Options): ExtentInput {
  const duration = GrantDuration.safeParse(options.text('grant') ?? 'once');
  if (!duration.success) throw new UsageError(`--grant is one of ${grantDurations.join(', ')}.`);
  const breadth = GrantBreadth.safeParse(options.text('breadth') ?? 'exact');
  if (!breadth.success) throw new UsageError(`--breadth is one of ${GrantBreadth.options.join(', ')}.`);
  const confirm = options.text('confirm');
  const hash = confirm === undefined ? null : Digest.safeParse(confirm);
  if (hash?.success === false) throw new UsageError(`--confirm takes 64 lower-case hexadecimal digits; ${hashPlace}.`);
  if (duration.data === 'once') {
    if (hash !== null || options.text('breadth') !== undefined)
      throw new UsageError('--breadth and --confirm are for a decision that counts for longer than once. Say for how long with --grant.');
    return {};
  }
  // SECURITY: what goes into the policy has been seen: its hash says which rule was.
  if (duration.data === 'always' && hash === null)
    throw new UsageError(`--grant always needs --confirm HASH, the hash of the rule that it becomes; ${hashPlace}.`);
  return { duration: duration.data, breadth: breadth.data, ...(hash === null ? {} : { hash: hash.data }) };
}
