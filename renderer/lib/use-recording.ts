import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { CallId } from '../../shared/domain/identity.ts';
import { useBridge } from './bridge-context.ts';
import { invoke } from './operations.ts';

export interface Recording {
  readonly cast: string;
  /** Of its bytes, in hexadecimal; null where the page cannot compute it. */
  readonly sha256: string | null;
}

async function sha256(text: string): Promise<string | null> {
  if (!window.isSecureContext) return null;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A finished call's recording, read once and hashed here; null when there is none any more. */
export function useRecording(call: CallId): UseQueryResult<Recording | null> {
  const { bridge } = useBridge();
  return useQuery<Recording | null>({
    queryKey: ['recording', call],
    queryFn: async () => {
      const { cast } = await invoke(bridge, 'calls.recording', { id: call });
      return cast === null ? null : { cast, sha256: await sha256(cast) };
    },
    staleTime: 60_000,
  });
}
