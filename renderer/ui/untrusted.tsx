import { Fragment, type ReactNode } from 'react';
import { segments, type DisplaySegment } from '../../shared/display-encoder.ts';
import { cx } from './cx.ts';

export function Pieces({ pieces }: { readonly pieces: readonly DisplaySegment[] }): ReactNode {
  return pieces.map((piece, index) =>
    piece.hidden ? (
      <mark key={index} className="hidden-mark" title="Stands for characters that would not be seen">
        {piece.text}
      </mark>
    ) : (
      <Fragment key={index}>{piece.text}</Fragment>
    ),
  );
}

/** One line of text that was not written by us: what could not be seen is marked. Never markup. */
export function Untrusted({
  text,
  mono = false,
  className,
}: {
  readonly text: string;
  readonly mono?: boolean;
  readonly className?: string;
}): ReactNode {
  return (
    <span className={cx(mono && 'machine', className)}>
      <Pieces pieces={segments(text)} />
    </span>
  );
}
