import type { CallId } from '../../../shared/domain/identity.ts';

/** What programs printed, with the moments at which they did, as asciicast v2. */
export interface Recordings {
  /** Keeps a call's recording; the oldest ones are let go when all of them take too much. Errors: `unavailable`. */
  put(call: CallId, cast: string): Promise<void>;
  /** Null when there is none, or it was let go. */
  get(call: CallId): Promise<string | null>;
}
