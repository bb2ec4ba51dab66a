import { useEffect } from 'react';

/** How long a request that was settled elsewhere stays readable before it makes room. Milliseconds. */
const readableMs = 4000;

/**
 * A card that was decided elsewhere goes by itself, so that it does not keep what waits behind it out of sight. SECURITY: never while
 * the pointer is over the window, so that nothing new comes under it.
 */
export function useSettledDismiss(isOver: boolean, onDismiss: () => void): void {
  useEffect(() => {
    if (!isOver) return undefined;
    const timer = setInterval(() => {
      if (!document.documentElement.matches(':hover')) onDismiss();
    }, readableMs);
    return () => clearInterval(timer);
  }, [isOver, onDismiss]);
}
