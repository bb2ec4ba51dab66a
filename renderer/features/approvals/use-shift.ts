import { useEffect, useState, type RefObject } from 'react';

/**
 * A number that changes whenever the element has moved down or up in the window by more than 2 px.
 * SECURITY: buttons that have moved under a resting pointer count as newly shown, and arm anew.
 */
export function useShift(element: RefObject<HTMLElement | null>, watched: RefObject<HTMLElement | null>, shown: string | null): number {
  const [shifts, setShifts] = useState(0);
  useEffect(() => {
    const target = element.current;
    const whole = watched.current;
    if (target === null || whole === null) return undefined;
    let top = target.getBoundingClientRect().top;
    const observer = new ResizeObserver(() => {
      const now = target.getBoundingClientRect().top;
      if (Math.abs(now - top) > 2) setShifts((value) => value + 1);
      top = now;
    });
    observer.observe(whole);
    for (const child of whole.querySelectorAll('[data-block]')) observer.observe(child);
    return () => observer.disconnect();
  }, [element, watched, shown]);
  return shifts;
}
