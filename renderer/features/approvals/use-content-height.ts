import { useEffect, type RefObject } from 'react';

/** Heights in pixels that the window may take. */
const limits = { least: 120, most: 720 };

/** Reports how tall the window must be to show everything: the part that scrolls counts in full, up to the limit. */
export function useContentHeight(
  root: RefObject<HTMLElement | null>,
  scroller: RefObject<HTMLElement | null>,
  shown: string | null,
  report: (height: number) => void,
): void {
  useEffect(() => {
    const whole = root.current;
    if (whole === null) return undefined;
    let last = 0;
    const measure = (): void => {
      const box = scroller.current;
      const missing = box === null ? 0 : box.scrollHeight - box.clientHeight;
      const height = Math.min(limits.most, Math.max(limits.least, Math.ceil(whole.getBoundingClientRect().height + missing)));
      if (height === last) return;
      last = height;
      report(height);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(whole);
    const box = scroller.current;
    if (box !== null) {
      observer.observe(box);
      for (const child of box.children) observer.observe(child);
    }
    // A hidden window gets no word from the observer, and must have its height before it is shown.
    measure();
    return () => observer.disconnect();
  }, [root, scroller, shown, report]);
}
