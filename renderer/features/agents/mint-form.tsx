import { FolderOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import { AgentName, type Scope } from '../../../shared/domain/identity.ts';
import type { MintRequest } from '../../../shared/contract/contract.ts';
import { useBridge } from '../../lib/bridge-context.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Field, Select, TextInput } from '../../ui/field.tsx';
import { ScopePicker } from '../../ui/scope-picker.tsx';

export interface MintDraft {
  readonly agent: string;
  readonly scopes: readonly Scope[];
  readonly workspaces: string;
  readonly ttl: string;
}

export const emptyDraft: MintDraft = { agent: '', scopes: ['file:read', 'file:write', 'bash:exec'], workspaces: '', ttl: '30d' };

export const lifetimes: Readonly<Record<string, string>> = { '12h': '12 hours', '7d': '7 days', '30d': '30 days', '90d': '90 days' };

/** What is still missing, in words; null when the draft can be sent. */
export function draftProblem(draft: MintDraft): string | null {
  if (!AgentName.safeParse(draft.agent).success) return 'Give the agent a name of letters, digits, spaces, dots, dashes or underscores.';
  if (draft.scopes.length === 0) return 'Choose at least one thing that it may do.';
  const relative = folders(draft).find((folder) => !folder.startsWith('/'));
  return relative === undefined ? null : `${relative} is not an absolute path.`;
}

const folders = (draft: MintDraft): string[] =>
  draft.workspaces
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export function mintRequest(draft: MintDraft): MintRequest {
  return { agent: draft.agent, scopes: [...draft.scopes], ttl: draft.ttl, workspaces: folders(draft), targets: [] };
}

/** Who, what, where and for how long. */
export function MintForm({ draft, onChange }: { readonly draft: MintDraft; readonly onChange: (draft: MintDraft) => void }): ReactNode {
  const { host } = useBridge();
  const choose = useCommand('shell.choose_directory');
  const addFolder = (): void =>
    choose.mutate(
      {},
      {
        onSuccess: ({ path }) => {
          if (path !== null) onChange({ ...draft, workspaces: [...folders(draft), path].join('\n') });
        },
      },
    );
  return (
    <div className="flex flex-col gap-4">
      <Field label="Agent" hint="The name you will see on its requests, and that policy matches.">
        {(props) => (
          <TextInput
            {...props}
            value={draft.agent}
            placeholder="Claude Code"
            onChange={(event) => onChange({ ...draft, agent: event.target.value })}
          />
        )}
      </Field>
      <ScopePicker chosen={draft.scopes} onChange={(scopes) => onChange({ ...draft, scopes })} />
      <Field
        label="Folders it may work in"
        hint="One absolute path a line; the first is where relative paths start. Without a folder no file tool works."
      >
        {(props) => (
          <div className="flex items-start gap-2">
            <textarea
              {...props}
              rows={2}
              spellCheck={false}
              value={draft.workspaces}
              placeholder="/home/you/code/project"
              onChange={(event) => onChange({ ...draft, workspaces: event.target.value })}
              className="min-h-14 w-full rounded-md bg-surface px-2.5 py-1.5 font-mono text-sm shadow-[inset_0_0_0_1px_var(--color-edge)] placeholder:text-ink-3"
            />
            {host === 'desktop' && (
              <Button onClick={addFolder} disabled={choose.isPending} icon={<FolderOpen size={16} aria-hidden="true" />}>
                Choose
              </Button>
            )}
          </div>
        )}
      </Field>
      <Field label="Ends after" hint="A token always ends. Revoke it at any time; its open streams end at once.">
        {(props) => (
          <Select {...props} value={draft.ttl} onChange={(event) => onChange({ ...draft, ttl: event.target.value })}>
            {Object.entries(lifetimes).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}
