import { Check, Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import { useCopy } from '../lib/use-copy.ts';
import { Button } from './button.tsx';

export function CopyButton({
  text,
  label = 'Copy',
  tone = 'quiet',
}: {
  readonly text: string;
  readonly label?: string;
  readonly tone?: 'quiet' | 'plain';
}): ReactNode {
  const { copied, failed, copy } = useCopy();
  return (
    <Button
      size="small"
      tone={tone}
      onClick={() => copy(text)}
      icon={copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
    >
      <span aria-live="polite">{copied ? 'Copied' : failed ? 'Not copied' : label}</span>
    </Button>
  );
}

/** A command or value to copy, shown whole. */
export function CopyLine({ text, secret = false }: { readonly text: string; readonly secret?: boolean }): ReactNode {
  return (
    <div className="flex items-start gap-2 rounded-md bg-sunken py-1 pr-1 pl-3">
      <code className={`machine machine-block min-w-0 flex-1 py-[3px] text-sm select-text ${secret ? 'font-medium' : ''}`}>{text}</code>
      <CopyButton text={text} />
    </div>
  );
}
