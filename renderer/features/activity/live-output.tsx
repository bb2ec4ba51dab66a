import { useCallback, useState, type ReactNode } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { useBridge } from '../../lib/bridge-context.ts';
import { useCommand } from '../../lib/operations.ts';
import { Switch } from '../../ui/field.tsx';
import { Kbd } from '../../ui/kbd.tsx';
import { Notice } from '../../ui/states.tsx';
import { TerminalView, type TerminalSink } from '../../ui/terminal.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { pastedBytes, preparePaste } from './paste.ts';
import { PasteDialog } from './paste-dialog.tsx';
import { useTyping } from './use-typing.ts';

interface WaitingPaste {
  readonly text: string;
  readonly bracketed: boolean;
}

/** Delivers what a running call writes, and tells whether it has written anything. */
function useLive(call: CallId): { readonly source: (sink: TerminalSink) => () => void; readonly isEmpty: boolean } {
  const { bridge } = useBridge();
  const [isEmpty, setIsEmpty] = useState(true);
  const source = useCallback(
    (sink: TerminalSink) =>
      bridge.openStream('call.output', call, (chunk) => {
        setIsEmpty(false);
        sink.write(chunk);
      }),
    [bridge, call],
  );
  return { source, isEmpty };
}

/** What a program without a terminal writes, as it writes it. Nothing can be typed into it. */
export function LiveOutput({ call }: { readonly call: CallId }): ReactNode {
  const { source, isEmpty } = useLive(call);
  return (
    <div className="flex flex-col gap-2">
      {isEmpty && <p className="text-ink-3">Nothing written yet.</p>}
      <TerminalView label="Live output" convertEol size="fit" source={source} />
    </div>
  );
}

/** A running program's terminal: watched, and typed into only after the operator turned that on. */
export function LiveTerminal({ call }: { readonly call: CallId }): ReactNode {
  const { source, isEmpty } = useLive(call);
  const typing = useTyping(call);
  const resize = useCommand('calls.resize');
  const [isOn, setIsOn] = useState(false);
  const [paste, setPaste] = useState<WaitingPaste | null>(null);
  const onPaste = (raw: string, bracketed: boolean): void => {
    const { text, asks } = preparePaste(raw);
    if (asks) setPaste({ text, bracketed });
    else typing.send(pastedBytes(text, bracketed));
  };
  return (
    <div className="flex flex-col gap-2">
      {isEmpty && <p className="text-ink-3">Nothing written yet.</p>}
      <TerminalView
        label="Terminal of the program"
        convertEol={false}
        size="fit"
        source={source}
        typing={isOn && paste === null}
        onInput={typing.send}
        onPaste={onPaste}
        onLeave={() => setIsOn(false)}
        onFit={({ columns, rows }) => resize.mutate({ id: call, columns, rows })}
      />
      <Switch
        checked={isOn}
        onChange={setIsOn}
        label="Type into it"
        hint={
          isOn ? (
            <span className="font-medium text-ask">
              Your keys and pastes go to the program. <Kbd>Ctrl</Kbd> <Kbd>Shift</Kbd> <Kbd>Esc</Kbd>
              <span className="sr-only">Control Shift Escape</span> leaves.
            </span>
          ) : (
            'You only watch: no key reaches the program.'
          )
        }
      />
      {typing.problem !== null && (
        <Notice tone="deny">
          <Untrusted text={typing.problem} />
        </Notice>
      )}
      {paste !== null && (
        <PasteDialog
          text={paste.text}
          onClose={() => setPaste(null)}
          onPaste={() => {
            typing.send(pastedBytes(paste.text, paste.bracketed));
            setPaste(null);
          }}
        />
      )}
    </div>
  );
}
