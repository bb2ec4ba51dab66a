import type { ReactNode } from 'react';
import type { Scope } from '../../shared/domain/identity.ts';
import { Check } from './field.tsx';

/** The scopes that a tool of this version needs; the rest would grant nothing yet. */
export const usableScopes: readonly { readonly scope: Scope; readonly means: string }[] = [
  { scope: 'file:read', means: 'read, list and search files of its workspaces' },
  { scope: 'file:write', means: 'write and edit files of its workspaces' },
  { scope: 'bash:exec', means: 'run commands in the sandbox' },
];

export function ScopePicker({
  chosen,
  onChange,
}: {
  readonly chosen: readonly Scope[];
  readonly onChange: (scopes: Scope[]) => void;
}): ReactNode {
  return (
    <fieldset className="flex flex-col">
      <legend className="pb-1 text-sm font-medium text-ink-2">What it may do</legend>
      {usableScopes.map(({ scope, means }) => (
        <div key={scope} className="flex items-center gap-3">
          <div className="w-28">
            <Check
              mono
              label={scope}
              checked={chosen.includes(scope)}
              onChange={(on) => onChange(on ? [...chosen, scope] : chosen.filter((other) => other !== scope))}
            />
          </div>
          <span className="text-sm text-ink-3">{means}</span>
        </div>
      ))}
    </fieldset>
  );
}
