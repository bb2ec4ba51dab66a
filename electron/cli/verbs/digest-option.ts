import { Digest } from '../../../shared/domain/identity.ts';
import type { Options } from '../options.ts';
import { UsageError } from '../usage-error.ts';

/** The digest that a decision echoes. Errors: UsageError naming where it is printed. */
export function digestOf(options: Options, printedBy: string): Digest {
  const parsed = Digest.safeParse(options.required('digest'));
  if (!parsed.success) throw new UsageError(`--digest takes 64 lower-case hexadecimal digits, as ${printedBy} prints them.`);
  return parsed.data;
}
