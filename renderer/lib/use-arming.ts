import { useEffect, useState } from 'react';

/** Milliseconds for which a newly shown card cannot be allowed. */
export const armingMs = 700;

/**
 * Whether Allow may be used. It is not for the first 700 ms after `shown` changed, the window gained focus, or it became visible.
 * SECURITY: an agent chooses when a card appears; a click or key that was meant for something else must not allow it (THREATS rule 16).
 * `since` names the current arming period, for the line that fills.
 */
export function useArming(shown: string): { readonly armed: boolean; readonly since: string } {
  const [interruptions, setInterruptions] = useState(0);
  const since = `${interruptions}:${shown}`;
  const [armedFor, setArmedFor] = useState<string | null>(null);

  useEffect(() => {
    const interrupt = (): void => setInterruptions((value) => value + 1);
    const onVisibility = (): void => {
      if (document.visibilityState === 'visible') interrupt();
    };
    window.addEventListener('focus', interrupt);
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      window.removeEventListener('focus', interrupt);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, []);

  useEffect(() => {
    const timer = setTimeout(() => setArmedFor(since), armingMs);
    return () => clearTimeout(timer);
  }, [since]);

  return { armed: armedFor === since, since };
}
