import { useMemo, type ReactNode } from 'react';
import { blockPieces } from '../lib/display-pieces.ts';
import { Pieces } from './untrusted.tsx';
import { cx } from './cx.ts';

export interface CodeBlockProps {
  readonly text: string;
  readonly className?: string;
  readonly label?: string;
  readonly size?: 'small' | 'base';
}

/** Exact text in several lines: wrapped, never cut. Its container scrolls. */
export function CodeBlock({ text, className, label, size = 'small' }: CodeBlockProps): ReactNode {
  const pieces = useMemo(() => blockPieces(text), [text]);
  return (
    <pre
      className={cx(
        'machine machine-block text-ink select-text',
        size === 'small' ? 'text-sm leading-[18px]' : 'text-base leading-[20px]',
        className,
      )}
      aria-label={label}
    >
      <Pieces pieces={pieces} />
    </pre>
  );
}

/** Exact text with line numbers; `marked` lines carry a problem. */
export function NumberedCode({ text, marked }: { readonly text: string; readonly marked: ReadonlyMap<number, string> }): ReactNode {
  const lines = useMemo(() => text.split('\n'), [text]);
  return (
    <ol className="machine text-sm leading-[20px]">
      {lines.map((line, index) => {
        const problem = marked.get(index + 1);
        return (
          <li
            key={index}
            id={`line-${index + 1}`}
            className={cx(
              'grid grid-cols-[48px_1fr] border-l-2',
              problem === undefined ? 'border-transparent' : 'border-deny bg-deny-wash',
            )}
          >
            <span className="pr-3 text-right text-ink-3 select-none">{index + 1}</span>
            <span className="machine-block pr-3 select-text">
              <Pieces pieces={blockPieces(line)} />
              {problem !== undefined && <span className="block font-sans text-deny">{problem}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
