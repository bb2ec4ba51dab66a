import type { ReactNode } from 'react';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import type { CallPreview } from '../../../shared/domain/call.ts';
import { CodeBlock } from '../code-block.tsx';
import { DiffView } from '../diff-view.tsx';
import { Untrusted } from '../untrusted.tsx';

export interface CallViewProps {
  readonly arguments: JsonObject;
  readonly preview: CallPreview | null;
  /** A size larger, where the call is what the window is about. */
  readonly prominent?: boolean;
}

/** The arguments that the command or the difference above them already shows, whole. */
function shownAbove(args: JsonObject, preview: CallPreview | null): ReadonlySet<string> {
  const shown = new Set<string>();
  if (preview === null) return shown;
  for (const [key, value] of Object.entries(args)) {
    if (preview.command !== null && value === preview.command) shown.add(key);
    if (preview.diff === null || preview.diff.truncated) continue;
    if (value === preview.diff.after || key === 'path' || key === 'old_text' || key === 'new_text') shown.add(key);
  }
  return shown;
}

const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

function Argument({ name, value }: { readonly name: string; readonly value: JsonValue }): ReactNode {
  return (
    <div className="grid grid-cols-[96px_1fr] gap-2">
      <Untrusted text={name} mono className="min-w-0 pt-px text-sm break-words text-ink-3" />
      <CodeBlock text={asText(value)} className="min-w-0" />
    </div>
  );
}

/** The exact call: the command, the change, or every argument; nothing cut, nothing left out. */
export function CallView({ arguments: args, preview, prominent = false }: CallViewProps): ReactNode {
  const above = shownAbove(args, preview);
  const rest = Object.entries(args).filter(([key]) => !above.has(key));
  const diff = preview?.diff ?? null;
  return (
    <div className="flex flex-col gap-2">
      {preview !== null && preview.command !== null && (
        <CodeBlock text={preview.command} label="Command" size={prominent ? 'base' : 'small'} />
      )}
      {diff !== null && (
        <>
          <CodeBlock text={diff.path} label="File" className="font-medium" />
          <DiffView before={diff.before} after={diff.after} />
        </>
      )}
      {rest.map(([name, value]) => (
        <Argument key={name} name={name} value={value} />
      ))}
      {rest.length === 0 && above.size === 0 && <span className="text-ink-3">No arguments.</span>}
    </div>
  );
}
