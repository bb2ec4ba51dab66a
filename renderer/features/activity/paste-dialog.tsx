import type { ReactNode } from 'react';
import { counted } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/code-block.tsx';
import { Dialog } from '../../ui/dialog.tsx';

/** Several lines are shown before they reach a program, which may run each as it comes. */
export function PasteDialog({
  text,
  onPaste,
  onClose,
}: {
  readonly text: string;
  readonly onPaste: () => void;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Dialog
      title={`Paste ${counted(text.split('\n').length, 'line')}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Do not paste</Button>
          <Button tone="primary" onClick={onPaste}>
            Paste it
          </Button>
        </>
      }
    >
      <p className="pb-2 text-ink-2">The program may act on each line as it arrives. Control characters were left out.</p>
      <div className="max-h-64 overflow-y-auto rounded-md bg-sunken px-3 py-2" tabIndex={0} role="region" aria-label="What is pasted">
        <CodeBlock text={text} />
      </div>
    </Dialog>
  );
}
