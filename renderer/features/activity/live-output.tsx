import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { useBridge } from '../../lib/bridge-context.ts';
import { CodeBlock } from '../../ui/code-block.tsx';

/** Characters kept of a running command; the whole output is in its record afterwards. */
const kept = 100_000;

/** What a running command writes, as it writes it. */
export function LiveOutput({ call }: { readonly call: CallId }): ReactNode {
  const { bridge } = useBridge();
  const [text, setText] = useState('');
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => bridge.openStream('call.output', call, (chunk) => setText((old) => (old + chunk).slice(-kept))), [bridge, call]);
  useEffect(() => {
    // Not returned: browsers answer with a promise, and React would take that for a clean-up.
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [text]);
  return (
    <div className="max-h-80 overflow-y-auto rounded-md bg-sunken px-3 py-2" tabIndex={0} role="log" aria-label="Live output">
      {text === '' ? <span className="text-ink-3">Nothing written yet.</span> : <CodeBlock text={text} />}
      <div ref={end} />
    </div>
  );
}
