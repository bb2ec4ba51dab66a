import { useCallback, useEffect, useState } from 'react';
import { useBridge } from './bridge-context.ts';
import { invoke } from './operations.ts';

/** Copies text; `copied` stays true for 1.5 s. In the desktop the main process writes the clipboard, because the page has no permission to. */
export function useCopy(): { readonly copied: boolean; readonly failed: boolean; readonly copy: (text: string) => void } {
  const { bridge, host } = useBridge();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = useCallback(
    (text: string) => {
      const done = host === 'desktop' ? invoke(bridge, 'shell.copy', { text }) : navigator.clipboard.writeText(text);
      done.then(
        () => setState('copied'),
        () => setState('failed'),
      );
    },
    [bridge, host],
  );
  return { copied: state === 'copied', failed: state === 'failed', copy };
}
