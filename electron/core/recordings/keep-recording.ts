import type { CallId, Digest } from '../../../shared/domain/identity.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Recordings } from '../ports/recordings.ts';
import type { Recorder } from './asciicast.ts';

/**
 * Keeps what was recorded, and answers its hash; null when nothing was printed. A recording that cannot be kept is missed, and no reason to fail:
 * the output itself is in the call's record.
 */
export async function keepRecording(recordings: Pick<Recordings, 'put'>, call: CallId, recorder: Recorder): Promise<Digest | null> {
  const cast = recorder.finish();
  if (cast === null) return null;
  try {
    await recordings.put(call, cast);
    return sha256Hex(cast);
  } catch {
    return null;
  }
}
