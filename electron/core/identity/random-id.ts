import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A random id of `length` characters (5.17 bits each) behind a prefix that names its kind. Never derived from what a peer sent. */
export function randomId(prefix: string, length: number): string {
  let id = '';
  while (id.length < length) {
    for (const byte of randomBytes(length * 2)) {
      // SECURITY: bytes past the last whole multiple of 36 are dropped, so that every character is equally likely.
      if (byte < 252 && id.length < length) id += alphabet.charAt(byte % 36);
    }
  }
  return `${prefix}_${id}`;
}
