import type { ReactNode } from 'react';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import type { CallPreview } from '../../../shared/domain/call.ts';
import { CodeBlock } from '../code-block.tsx';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';
import { CallDifferenceView } from './call-difference.tsx';

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
    if (preview.diff === null) continue;
    if (preview.diff.truncated) {
      // Of a long content the beginning is shown above, and how much is not.
      if (preview.diff.whole !== null && key === 'content') shown.add(key);
      continue;
    }
    if (value === preview.diff.after || key === 'path' || key === 'old_text' || key === 'new_text') shown.add(key);
  }
  return shown;
}

const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** Characters of one argument that are shown. Only texts for files are longer, and those are bound by their hash. */
const argumentLimit = 512 * 1024;

function Argument({ name, value }: { readonly name: string; readonly value: JsonValue }): ReactNode {
  const text = asText(value);
  return (
    <div className="grid grid-cols-[96px_1fr] gap-2">
      <Untrusted text={name} mono className="min-w-0 pt-px text-sm break-words text-ink-3" />
      <div className="flex min-w-0 flex-col gap-1">
        <CodeBlock text={text.slice(0, argumentLimit)} />
        {text.length > argumentLimit && (
          <Notice tone="ask">Not shown: the last {(text.length - argumentLimit).toLocaleString('en-GB')} characters of it.</Notice>
        )}
      </div>
    </div>
  );
}

/** The exact call: the command, the change, or every argument. What is longer than can be shown says to the byte how much of it is not. */
export function CallView({ arguments: args, preview, prominent = false }: CallViewProps): ReactNode {
  const above = shownAbove(args, preview);
  const rest = Object.entries(args).filter(([key]) => !above.has(key));
  const diff = preview?.diff ?? null;
  return (
    <div className="flex flex-col gap-2">
      {preview !== null && preview.command !== null && (
        <CodeBlock text={preview.command} label="Command" size={prominent ? 'base' : 'small'} />
      )}
      {diff !== null && <CallDifferenceView diff={diff} />}
      {rest.map(([name, value]) => (
        <Argument key={name} name={name} value={value} />
      ))}
      {rest.length === 0 && above.size === 0 && <span className="text-ink-3">No arguments.</span>}
    </div>
  );
}
