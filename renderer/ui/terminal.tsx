import '@xterm/xterm/css/xterm.css';
import { useEffect, useEffectEvent, useRef, type ReactNode } from 'react';
import { createHostileTerminal, type HostileTerminal, type TerminalSize } from '../lib/hostile-terminal.ts';
import { cx } from './cx.ts';

/** Where a terminal's text goes. */
export interface TerminalSink {
  write(text: string): void;
  reset(): void;
  resize(size: TerminalSize): void;
}

export interface TerminalViewProps {
  readonly label: string;
  /** For pipes, whose lines end without a carriage return. */
  readonly convertEol: boolean;
  /** Fixed; or as much as there is room for. */
  readonly size: TerminalSize | 'fit';
  /** Begins to deliver, and returns what ends it. The terminal is made anew when another is given. */
  readonly source: (sink: TerminalSink) => () => void;
  readonly typing?: boolean;
  readonly onInput?: (text: string) => void;
  readonly onPaste?: (text: string, bracketed: boolean) => void;
  readonly onLeave?: () => void;
  readonly onFit?: (size: TerminalSize) => void;
}

const usual: TerminalSize = { columns: 80, rows: 24 };

/** What a program prints, as a terminal shows it. Nothing is typed into it unless `typing`. */
export function TerminalView(props: TerminalViewProps): ReactNode {
  const { label, convertEol, size, source, typing = false } = props;
  const host = useRef<HTMLDivElement>(null);
  const terminal = useRef<HostileTerminal | null>(null);
  const fits = size === 'fit';
  const { columns, rows } = fits ? usual : size;
  const onInput = useEffectEvent((text: string) => props.onInput?.(text));
  const onPaste = useEffectEvent((text: string) => props.onPaste?.(text, terminal.current?.bracketsPastes() ?? false));
  const onLeave = useEffectEvent(() => props.onLeave?.());
  const onFit = useEffectEvent((found: TerminalSize) => props.onFit?.(found));

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = createHostileTerminal({
      host: element,
      label,
      convertEol,
      size: { columns, rows },
      onInput: (text) => onInput(text),
      onPaste: (text) => onPaste(text),
      onLeave: () => onLeave(),
    });
    terminal.current = made;
    let last = '';
    const refit = (): void => {
      const found = made.fit();
      const now = found === null ? last : `${found.columns}×${found.rows}`;
      if (found !== null && now !== last) onFit(found);
      last = now;
    };
    const observer = fits ? new ResizeObserver(refit) : null;
    observer?.observe(element);
    const stop = source(made);
    return () => {
      stop();
      observer?.disconnect();
      terminal.current = null;
      made.dispose();
    };
  }, [label, convertEol, fits, columns, rows, source]);

  useEffect(() => terminal.current?.setTyping(typing), [typing, source]);

  return (
    <div
      className={cx(
        'terminal-frame rounded-md bg-sunken p-2',
        typing ? 'shadow-[inset_0_0_0_2px_var(--color-ask)]' : 'shadow-[inset_0_0_0_1px_var(--color-hairline)]',
      )}
      role="group"
      aria-label={label}
    >
      <div
        ref={host}
        className={cx(
          'terminal-host',
          fits ? 'h-72 overflow-hidden group-data-[wide=true]/inspector:h-[min(60vh,520px)]' : 'overflow-x-auto',
        )}
      />
    </div>
  );
}
