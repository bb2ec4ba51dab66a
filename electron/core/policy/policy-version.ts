import { sha256Hex } from '../canonical-json.ts';

/** The name of a text: the first 12 digits of its SHA-256; `missing` for a file that is not there. */
export const policyVersion = (text: string | null): string => (text === null ? 'missing' : sha256Hex(text).slice(0, 12));
