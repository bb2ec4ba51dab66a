import type { ReactNode } from 'react';
import { absoluteTime, relativeTime } from '../lib/format.ts';

export function Time({ iso, now }: { readonly iso: string; readonly now: number }): ReactNode {
  return (
    <time dateTime={iso} title={absoluteTime(iso)} className="whitespace-nowrap">
      {relativeTime(iso, now)}
    </time>
  );
}
