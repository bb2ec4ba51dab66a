import type { Store } from '../../core/ports/store.ts';
import type { HandlersOf } from '../handler.ts';
import { given, instant } from './given.ts';

export interface AuditHandlerDeps {
  readonly store: Pick<Store, 'auditEvents' | 'auditRows' | 'verify'>;
}

/** The log, to read and to check. Nothing here can write to it. */
export function createAuditHandlers({ store }: AuditHandlerDeps): HandlersOf<'audit.list' | 'audit.rows' | 'audit.verify'> {
  return {
    'audit.list': async (input) => ({
      events: [...(await store.auditEvents(given({ ...input, from: instant('from', input.from), to: instant('to', input.to) })))],
    }),
    'audit.rows': async (input) => ({
      rows: [...(await store.auditRows(given({ ...input, from: instant('from', input.from), to: instant('to', input.to) })))],
    }),
    'audit.verify': async () => store.verify(),
  };
}
