import type { ReactNode } from 'react';
import type { MintedToken } from '../../../shared/contract/contract.ts';
import { absoluteTime } from '../../lib/format.ts';
import { CopyLine } from '../../ui/copy-button.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

/** The token itself, shown this once. */
export function MintedTokenView({ minted }: { readonly minted: MintedToken }): ReactNode {
  return (
    <div className="flex flex-col gap-3">
      <p>
        Token for <Untrusted text={minted.agent} className="font-medium" />, until {absoluteTime(minted.expires_at)}.
      </p>
      <CopyLine text={minted.token} secret />
      <Notice tone="ask">It is not shown again: only its hash is kept. If it gets lost, mint another and revoke this one.</Notice>
    </div>
  );
}
