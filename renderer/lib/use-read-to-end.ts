import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

export interface ReadToEnd {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  /** True once all of the content has been in view: it fits, or it was scrolled to its end. */
  readonly wasReadable: boolean;
  readonly overflows: boolean;
}

/** Pixels by which rounding may miss the end. */
const slack = 4;

/**
 * SECURITY: a long call pushes its harmful end out of sight; it cannot be allowed before its end has been in view.
 * `shown` names the content; another content starts anew, and counts as too long until it was measured.
 */
export function useReadToEnd(shown: string): ReadToEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const [measured, setMeasured] = useState<{ readonly shown: string | null; readonly overflows: boolean }>({
    shown: null,
    overflows: true,
  });
  const [reached, setReached] = useState<string | null>(null);

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    box.scrollTop = 0;
    const measure = (): void => setMeasured({ shown, overflows: box.scrollHeight > box.clientHeight + slack });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    for (const child of box.children) observer.observe(child);
    return () => observer.disconnect();
  }, [shown]);

  const onScroll = useCallback(() => {
    const box = scroller.current;
    if (box !== null && box.scrollTop + box.clientHeight >= box.scrollHeight - slack) setReached(shown);
  }, [shown]);

  const overflows = measured.shown !== shown || measured.overflows;
  return { scroller, onScroll, wasReadable: !overflows || reached === shown, overflows };
}
