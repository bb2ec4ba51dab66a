import { useState, type ReactNode } from 'react';
import { useCommand } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/states.tsx';
import { draftProblem, emptyDraft, MintForm, mintRequest } from './mint-form.tsx';
import { MintedTokenView } from './minted-token.tsx';

export function MintDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [draft, setDraft] = useState(emptyDraft);
  const [tried, setTried] = useState(false);
  const mint = useCommand('tokens.mint');
  const problem = draftProblem(draft);
  if (mint.data !== undefined) {
    return (
      <Dialog
        title="Token minted"
        onClose={onClose}
        footer={
          <Button tone="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <MintedTokenView minted={mint.data} />
      </Dialog>
    );
  }
  const send = (): void => {
    setTried(true);
    if (problem === null) mint.mutate(mintRequest(draft));
  };
  return (
    <Dialog
      title="Mint a token"
      onClose={onClose}
      footer={
        <>
          <Button tone="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button tone="primary" disabled={mint.isPending} onClick={send}>
            {mint.isPending ? 'Minting' : 'Mint'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <MintForm draft={draft} onChange={setDraft} />
        {tried && problem !== null && <Notice tone="deny">{problem}</Notice>}
        {mint.isError && <Notice tone="deny">{mint.error.message}</Notice>}
      </div>
    </Dialog>
  );
}
