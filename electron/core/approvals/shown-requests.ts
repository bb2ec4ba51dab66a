import type { ApprovalId, Digest } from '../../../shared/domain/identity.ts';
import type { Chat } from './chat-text.ts';

/**
 * Which waiting requests a chat was shown, and which of them in full. In memory only. SECURITY: a button is no authority by itself; it counts
 * only for what this process put into that chat.
 */
export interface ShownRequests {
  show(chat: Chat, request: { readonly id: ApprovalId; readonly digest: Digest; readonly isApprovable: boolean }, ended: AbortSignal): void;
  /** Null: nothing of this id and digest was shown there, or it is over. */
  find(chat: Chat, id: string, digest: string): { readonly id: ApprovalId; readonly digest: Digest; readonly isApprovable: boolean } | null;
}

export function createShownRequests(): ShownRequests {
  const shown = new Map<string, { readonly id: ApprovalId; readonly digest: Digest; readonly isApprovable: boolean }>();
  const keyOf = (chat: Chat, id: string, digest: string): string => `${chat} ${id} ${digest}`;
  return {
    show(chat, request, ended) {
      if (ended.aborted) return;
      const key = keyOf(chat, request.id, request.digest);
      shown.set(key, request);
      ended.addEventListener('abort', () => shown.delete(key), { once: true });
    },
    find: (chat, id, digest) => shown.get(keyOf(chat, id, digest)) ?? null,
  };
}
