import { AppError } from '../../../shared/errors.ts';

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
const longestMs = 366 * unitMs.d;

/**
 * When a new token ends, in wall-clock milliseconds. Exactly one of `ttl` (`30d`, `12h`, `15m`) and `expiry` (ISO 8601 with a zone) must be
 * given; every token ends, at most 366 days from now. Errors: `invalid_input` naming the field.
 */
export function expiryOf(request: { readonly ttl?: string | undefined; readonly expiry?: string | undefined }, now: number): number {
  const { ttl, expiry } = request;
  if ((ttl === undefined) === (expiry === undefined)) {
    throw new AppError('invalid_input', 'ttl, expiry: give exactly one of them, such as --ttl 30d. Every token expires.');
  }
  const end = ttl === undefined ? parseExpiry(expiry ?? '') : now + parseTtl(ttl);
  const field = ttl === undefined ? 'expiry' : 'ttl';
  if (!(end > now)) throw new AppError('invalid_input', `${field}: must lie in the future.`);
  if (end - now > longestMs) throw new AppError('invalid_input', `${field}: at most 366 days from now.`);
  return end;
}

function parseTtl(ttl: string): number {
  const match = /^([1-9][0-9]{0,5})([dhm])$/.exec(ttl);
  if (match === null)
    throw new AppError(
      'invalid_input',
      `ttl: use a whole number above 0 with d, h or m, such as 30d, 12h or 15m; got "${ttl.slice(0, 40)}".`,
    );
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

function parseExpiry(expiry: string): number {
  const isIso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(expiry);
  const end = isIso ? Date.parse(expiry) : Number.NaN;
  if (Number.isNaN(end)) throw new AppError('invalid_input', 'expiry: use an ISO 8601 instant with a zone, such as 2030-01-31T12:00:00Z.');
  return end;
}
