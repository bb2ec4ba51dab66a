import { X } from 'lucide-react';
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { Button } from './button.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly width?: number;
}

/** A modal dialog on the native element: the browser traps focus, closes on Escape and needs no injected style, which the CSP would refuse. */
export function Dialog({ title, onClose, children, footer, width = 520 }: DialogProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // A layout effect ends before the element leaves the page, so that closing gives the focus back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    dialog?.querySelector<HTMLElement>('input, textarea')?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className="m-auto max-h-[85vh] max-w-[92vw] rounded-md bg-surface p-0 text-ink shadow-float"
      style={{ width }}
    >
      <div className="flex max-h-[85vh] flex-col">
        <header className="flex items-center gap-2 border-b border-hairline py-3 pr-3 pl-5">
          <h2 id={id} className="flex-1 text-title font-semibold">
            {title}
          </h2>
          <Button tone="quiet" size="small" aria-label="Close" title="Close" onClick={onClose} icon={<X size={16} aria-hidden="true" />} />
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
        {footer !== undefined && (
          <footer className="flex items-center justify-end gap-2 border-t border-hairline px-5 py-3">{footer}</footer>
        )}
      </div>
    </dialog>
  );
}
