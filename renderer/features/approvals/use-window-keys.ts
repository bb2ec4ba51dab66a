import { useEffect } from 'react';

export interface WindowKeys {
  readonly onDeny: () => void;
  readonly onAllow: () => void;
  /** Opens what allows for longer, where that is offered. */
  readonly onFor?: () => void;
  readonly onLater: () => void;
  readonly onStep: (by: 1 | -1) => void;
  /** Space, where it would press nothing. */
  readonly onTick?: () => void;
  /** Scrolls the call by a line; false when there is nothing to scroll. */
  readonly onScroll: (by: 1 | -1) => boolean;
}

const isTyping = (target: EventTarget | null): boolean =>
  (target instanceof HTMLInputElement && target.type !== 'checkbox') || target instanceof HTMLTextAreaElement;

/** D, A, F, L and the arrows, for the one card of the approval window. */
export function useWindowKeys(keys: WindowKeys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // SECURITY: a key that was held down before the window came up is not meant for it.
      if (event.repeat && ['Enter', ' '].includes(event.key)) event.preventDefault();
      if (event.repeat && !event.key.startsWith('Arrow')) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      switch (event.key) {
        case 'd':
        case 'D':
          return keys.onDeny();
        case 'a':
        case 'A':
          return keys.onAllow();
        case 'f':
        case 'F':
          return keys.onFor?.();
        case 'l':
        case 'L':
          return keys.onLater();
        case ' ':
          if (keys.onTick === undefined || event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement) return;
          event.preventDefault();
          return keys.onTick();
        case 'ArrowRight':
          return keys.onStep(1);
        case 'ArrowLeft':
          return keys.onStep(-1);
        case 'ArrowDown':
        case 'ArrowUp': {
          const by = event.key === 'ArrowDown' ? 1 : -1;
          event.preventDefault();
          if (!keys.onScroll(by)) keys.onStep(by);
          return;
        }
        default:
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [keys]);
}
