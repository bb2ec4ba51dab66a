import type { ReactNode } from 'react';
import type { JsonObject } from '../../shared/json.ts';
import { callGist } from '../lib/call-gist.ts';
import { Untrusted } from './untrusted.tsx';

/** Longer lines are cut for the row only; the encoder must not work through megabytes for them. */
const shown = 300;

export function CallLine({ tool, args }: { readonly tool: string; readonly args: JsonObject }): ReactNode {
  return (
    <>
      <Untrusted text={tool} className="font-medium" />{' '}
      <Untrusted text={callGist(args).slice(0, shown)} mono className="text-sm text-ink-2" />
    </>
  );
}
