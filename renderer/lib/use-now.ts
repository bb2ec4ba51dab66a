import { useEffect, useState } from 'react';

/** The time in milliseconds, renewed every `everyMs`. Countdowns and relative times share it so that a render stays pure. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
