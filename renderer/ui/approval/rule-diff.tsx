import type { ReactNode } from 'react';
import { blockPieces } from '../../lib/display-pieces.ts';
import { cx } from '../cx.ts';
import { Pieces } from '../untrusted.tsx';

const washes: Readonly<Record<string, string>> = { '+': 'bg-allow-wash', '-': 'bg-deny-wash' };

/** What policy.yaml would gain, line by line, as the gateway worked it out. */
export function RuleDiff({ diff }: { readonly diff: string }): ReactNode {
  return (
    <div
      role="region"
      aria-label="What policy.yaml would gain"
      tabIndex={0}
      className="machine max-h-32 overflow-y-auto rounded-md bg-sunken py-1 text-sm leading-[18px] focus-visible:-outline-offset-2"
    >
      {diff
        .trimEnd()
        .split('\n')
        .map((line, index) => (
          <div key={index} className={cx('machine-block min-w-0 px-2 select-text', washes[line.charAt(0)])}>
            <Pieces pieces={blockPieces(line)} />
          </div>
        ))}
    </div>
  );
}
