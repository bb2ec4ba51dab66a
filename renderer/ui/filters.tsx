import { Plus, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Untrusted } from './untrusted.tsx';

export interface FilterToken {
  readonly key: string;
  readonly name: string;
  readonly value: string;
  readonly onRemove: () => void;
}

export interface FilterChoice {
  readonly name: string;
  readonly options: readonly { readonly value: string; readonly label: string; readonly onChoose: () => void }[];
}

export interface FiltersProps {
  readonly tokens: readonly FilterToken[];
  readonly choices: readonly FilterChoice[];
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Choices({ choices, onDone }: { readonly choices: readonly FilterChoice[]; readonly onDone: () => void }): ReactNode {
  return choices.map((choice) => (
    <div key={choice.name} className="py-1">
      <p className="px-3 py-1 text-sm text-ink-3">{choice.name}</p>
      {choice.options.map((option) => (
        <button
          key={option.value}
          type="button"
          className="block w-full truncate px-3 py-1 text-left hover:bg-hover focus-visible:-outline-offset-2"
          onClick={() => {
            option.onChoose();
            onDone();
          }}
        >
          <Untrusted text={option.label} />
        </button>
      ))}
    </div>
  ));
}

/** What narrows a list: removable tokens, a menu that adds one, and a search. All of it lives in the address. */
export function Filters({ tokens, choices, text, onText }: FiltersProps): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <div role="search" className="flex min-h-10 shrink-0 flex-wrap items-center gap-1.5 px-6 pb-2">
      <input
        type="search"
        aria-label="Search this list"
        placeholder="Search"
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
        className="h-7 w-48 rounded-md bg-surface px-2.5 shadow-[inset_0_0_0_1px_var(--color-hairline)] placeholder:text-ink-3"
      />
      {tokens.map((token) => (
        <span key={token.key} className="inline-flex h-7 items-center rounded-md bg-selected pl-2.5 text-sm">
          <span className="text-ink-2">{token.name}&nbsp;</span>
          <Untrusted text={token.value} className="font-medium" />
          <button
            type="button"
            aria-label={`Remove filter ${token.name} ${token.value}`}
            title="Remove"
            className="mx-0.5 rounded-sm p-1 text-ink-2 hover:text-ink"
            onClick={token.onRemove}
          >
            <X size={12} aria-hidden="true" />
          </button>
        </span>
      ))}
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className="inline-flex h-7 items-center gap-1 rounded-md px-2 text-ink-2 hover:bg-hover hover:text-ink">
          <Plus size={14} aria-hidden="true" /> Filter
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            align="start"
            sideOffset={4}
            aria-label="Add a filter"
            className="z-30 max-h-[60vh] w-60 overflow-y-auto rounded-md bg-surface py-1 shadow-float outline-none"
          >
            <Choices choices={choices} onDone={() => setOpen(false)} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </div>
  );
}
