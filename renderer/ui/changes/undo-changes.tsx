import { Undo2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { OutputOf } from '../../../shared/contract/contract.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { below } from '../../lib/change-words.ts';
import { counted } from '../../lib/format.ts';
import { messageOf } from '../../lib/operation-error.ts';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../button.tsx';
import { Dialog } from '../dialog.tsx';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';

const appliedOf = (set: ChangeSet): ChangeSet['entries'] => set.entries.filter(({ state }) => state === 'applied');

/** What undoing does to each kind of file, in words. */
function effects(set: ChangeSet): string[] {
  const applied = appliedOf(set);
  const made = applied.filter(({ before }) => before === null).length;
  const gone = applied.filter(({ after }) => after === null).length;
  const changed = applied.length - made - gone;
  return [
    ...(changed > 0 ? [`${counted(changed, 'file')} as before the call`] : []),
    ...(gone > 0 ? [`${counted(gone, 'deleted file')} back`] : []),
    ...(made > 0 ? [`${counted(made, 'new file')} deleted`] : []),
  ];
}

function Plan({ set }: { readonly set: ChangeSet }): ReactNode {
  return (
    <div className="flex flex-col gap-2">
      <p>
        What <Untrusted text={set.agent} className="font-medium" /> changed by <Untrusted text={set.summary} mono className="break-words" />{' '}
        is taken back:
      </p>
      <ul className="list-disc pl-5">
        {effects(set).map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
      </ul>
      <p className="text-ink-2">
        Contents, modes and links are restored byte for byte. A file that changed since is left as it is, and named here.
      </p>
    </div>
  );
}

function Result({ answer }: { readonly answer: OutputOf<'changes.undo'> }): ReactNode {
  const { change_set, refused } = answer;
  const undone = change_set.entries.filter(({ state }) => state === 'undone').length;
  return (
    <div className="flex flex-col gap-2">
      <p>{undone === 0 ? 'Nothing was undone.' : `${counted(undone, 'file is', 'files are')} as before.`}</p>
      {refused.length > 0 && (
        <Notice tone="ask">
          <p className="font-medium">{counted(refused.length, 'file was left as it is', 'files were left as they are')}</p>
          <ul className="flex max-h-60 flex-col gap-1 overflow-y-auto pt-1" tabIndex={0} aria-label="Files left as they are">
            {refused.map(({ path, reason }) => (
              <li key={path} className="[overflow-wrap:anywhere]">
                <Untrusted text={below(change_set.workspace, path)} mono /> <Untrusted text={reason} className="text-ink-2" />
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

function UndoDialog({ set, onClose }: { readonly set: ChangeSet; readonly onClose: () => void }): ReactNode {
  const undo = useCommand('changes.undo');
  const footer = undo.isSuccess ? (
    <Button onClick={onClose}>Done</Button>
  ) : (
    <>
      <Button onClick={onClose}>Leave it</Button>
      <Button tone="primary" disabled={undo.isPending} onClick={() => undo.mutate({ id: set.id })}>
        {undo.isPending ? 'Undoing' : 'Undo'}
      </Button>
    </>
  );
  return (
    <Dialog title={undo.isSuccess ? 'Undone' : 'Undo these changes'} onClose={onClose} footer={footer}>
      {undo.isSuccess ? <Result answer={undo.data} /> : <Plan set={set} />}
      {undo.isError && (
        <div role="alert" className="pt-3">
          <Notice tone="deny">
            <Untrusted text={messageOf(undo.error)} />
          </Notice>
        </div>
      )}
    </Dialog>
  );
}

/** Takes back what of a set was applied, after saying what that means. Nothing where nothing was applied. */
export function UndoChanges({ set }: { readonly set: ChangeSet }): ReactNode {
  // The set as it was when the dialog opened: undoing changes it under the dialog, which then says what happened.
  const [asked, setAsked] = useState<ChangeSet | null>(null);
  const applied = appliedOf(set).length;
  return (
    <>
      {applied > 0 && set.undoable && (
        <Button onClick={() => setAsked(set)} icon={<Undo2 size={14} aria-hidden="true" />} className="self-start">
          Undo {counted(applied, 'file')}
        </Button>
      )}
      {applied > 0 && !set.undoable && (
        <p className="text-sm text-ink-3">It cannot be undone any more: the earlier contents were let go for space.</p>
      )}
      {asked !== null && <UndoDialog set={asked} onClose={() => setAsked(null)} />}
    </>
  );
}
