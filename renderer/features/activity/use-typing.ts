import { useCallback, useRef, useState } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { useBridge } from '../../lib/bridge-context.ts';
import { messageOf } from '../../lib/operation-error.ts';
import { invoke } from '../../lib/operations.ts';

/** Characters that one message may carry. */
const messageLimit = 65_536;

export interface Typing {
  readonly send: (text: string) => void;
  /** Why the last keys did not arrive; null when they did. */
  readonly problem: string | null;
}

/** Sends what is typed in the order in which it was typed: one message at a time, and what comes meanwhile goes with the next. */
export function useTyping(call: CallId): Typing {
  const { bridge } = useBridge();
  const [problem, setProblem] = useState<string | null>(null);
  const waiting = useRef('');
  const busy = useRef(false);
  const send = useCallback(
    (text: string) => {
      waiting.current += text;
      if (busy.current) return;
      busy.current = true;
      const deliver = async (): Promise<void> => {
        while (waiting.current !== '') {
          const part = waiting.current.slice(0, messageLimit);
          waiting.current = waiting.current.slice(part.length);
          await invoke(bridge, 'calls.input', { id: call, text: part });
        }
      };
      deliver()
        .then(
          () => setProblem(null),
          (error: unknown) => {
            waiting.current = '';
            setProblem(messageOf(error));
          },
        )
        .finally(() => (busy.current = false));
    },
    [bridge, call],
  );
  return { send, problem };
}
