import type { Store } from '../../core/ports/store.ts';
import { readHead, readRows, searchEvents } from './audit-table.ts';
import { readChangeSet, readChangeSets } from './change-set-table.ts';
import type { Database } from './database.ts';
import { readJudgedCalls } from './judged-table.ts';
import { readApproval, readApprovals, readCall, readCalls, readCounts, readOpenTask, readTokens } from './state-tables.ts';

/** What only reads, apart from `verify`, which needs to know more than the database. */
export type StoreQueries = Omit<Store, 'start' | 'stop' | 'commit' | 'verify'>;

export function createStoreQueries(db: Database): StoreQueries {
  return {
    tokens: async () => readTokens(db),
    approvals: async (filter) => readApprovals(db, filter),
    approval: async (id) => readApproval(db, id),
    calls: async (filter) => readCalls(db, filter),
    call: async (id) => readCall(db, id),
    judgedCalls: async (page) => readJudgedCalls(db, page),
    changeSets: async (filter) => readChangeSets(db, filter),
    changeSet: async (id) => readChangeSet(db, id),
    openTask: async (token) => readOpenTask(db, token),
    counts: async (since) => readCounts(db, since),
    auditEvents: async (query) => searchEvents(db, query),
    auditRows: async (range) => readRows(db, range),
    auditHead: async () => readHead(db),
  };
}
