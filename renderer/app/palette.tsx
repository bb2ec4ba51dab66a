import { Command } from 'cmdk';
import { useLayoutEffect, useRef, type ReactNode } from 'react';
import { useOpenPage } from '../lib/address.ts';
import { useOperation } from '../lib/operations.ts';
import { themes, useTheme } from '../lib/theme.ts';
import { pages } from './pages.ts';

interface Action {
  readonly title: string;
  readonly run: () => void;
}

function Group({
  title,
  actions,
  onDone,
}: {
  readonly title: string;
  readonly actions: readonly Action[];
  readonly onDone: () => void;
}): ReactNode {
  return (
    <Command.Group
      heading={title}
      className="px-2 pb-2 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-ink-3"
    >
      {actions.map((action) => (
        <Command.Item
          key={action.title}
          value={`${title} ${action.title}`}
          onSelect={() => {
            onDone();
            action.run();
          }}
          className="flex h-8 items-center rounded-md px-2 data-[selected=true]:bg-selected"
        >
          {action.title}
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** ⌘K: every page and the actions that have a place of their own. */
export function Palette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const openPage = useOpenPage();
  const clients = useOperation('clients.detect', {});
  const tokens = useOperation('tokens.list', {});
  const [, setTheme] = useTheme();
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    // The browser would focus the list's frame, where nothing can be typed.
    element?.querySelector('input')?.focus();
    return () => element?.close();
  }, []);
  const agents = [...new Set(tokens.data?.tokens.map((token) => token.agent) ?? [])];
  const goTo = (title: string, page: string): Action => ({ title, run: () => openPage(page) });
  return (
    <dialog
      ref={dialog}
      aria-label="Search or act"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className="mx-auto mt-[12vh] w-[560px] max-w-[92vw] overflow-hidden rounded-md bg-surface p-0 text-ink shadow-float"
    >
      <Command label="Search or act" loop>
        <Command.Input
          placeholder="Search or act"
          className="h-11 w-full border-b border-hairline bg-transparent px-4 text-title outline-none placeholder:text-ink-3"
        />
        <Command.List className="max-h-[46vh] overflow-y-auto pt-1">
          <Command.Empty className="px-4 py-6 text-center text-ink-3">Nothing matches.</Command.Empty>
          <Group title="Pages" onDone={onClose} actions={pages.map((page) => goTo(page.title, page.path))} />
          <Group
            title="Act"
            onDone={onClose}
            actions={[
              goTo('Review held changes', '/changes?state=open'),
              goTo('Mint a token', '/agents?mint=1'),
              ...(clients.data?.clients ?? []).map((client) => goTo(`Connect ${client.title}`, `/agents?connect=${client.kind}`)),
              ...themes.map((theme): Action => ({ title: `Appearance: ${theme}`, run: () => setTheme(theme) })),
            ]}
          />
          {agents.length > 0 && (
            <Group
              title="Calls of"
              onDone={onClose}
              actions={agents.map((agent) => goTo(agent, `/activity?agent=${encodeURIComponent(agent)}`))}
            />
          )}
        </Command.List>
      </Command>
    </dialog>
  );
}
