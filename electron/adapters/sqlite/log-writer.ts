import { terminalEventTypes, type AuditEventType } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChainHead } from '../../core/audit/chain.ts';
import type { CommitResult } from '../../core/ports/store.ts';
import type { GroupCommit, TimedUnit, UnitOutcome } from './group-commit.ts';
import type { ReserveFile } from './reserve-file.ts';
import { isBusy, isOutOfSpace, reasonOf } from './sqlite-errors.ts';

const BUSY_RETRY_MS = 20;
const BUSY_LIMIT_MS = 5_000;
const PROBE_MS = 1_000;

/** What may still be written when only the reserve is left: what ends or takes away, never what begins. */
const CLOSING: ReadonlySet<AuditEventType> = new Set<AuditEventType>([
  ...terminalEventTypes,
  'token.revoked',
  'gateway.recovered',
  'gateway.stopped',
]);

export interface PendingUnit extends TimedUnit {
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface LogWriter {
  head(): ChainHead;
  submit(pending: PendingUnit): void;
  /** Writes what is queued, then takes nothing more. */
  stop(): Promise<void>;
}

interface Deps {
  readonly group: GroupCommit;
  readonly reserve: ReserveFile;
  /** After every group that is on disk. */
  readonly onCommitted: (head: ChainHead) => void;
  /** Why the log cannot be written, or null when it can again. May repeat itself. */
  readonly onDegraded: (reason: string | null) => void;
}

/**
 * Group commit: whatever was asked for while the last transaction was being synced goes into the next one. Nobody is answered before
 * the sync. While it fails, it is tried again every second, because a gateway that takes no calls would never find out otherwise.
 */
export function createLogWriter(deps: Deps): LogWriter {
  const { group, reserve } = deps;
  const queue: PendingUnit[] = [];
  let isScheduled = false;
  let isOnReserve = false;
  let probeTimer: NodeJS.Timeout | null = null;
  let stopping: (() => void) | null = null;

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => writeGroup(queue.splice(0), 0));
  };

  const finishGroup = (): void => {
    isScheduled = false;
    if (queue.length > 0) schedule();
    else stopping?.();
  };

  const degrade = (reason: string): void => {
    deps.onDegraded(`The log cannot be written: ${reason}.`);
    probeTimer ??= setTimeout(probe, PROBE_MS);
  };

  function writeGroup(units: readonly PendingUnit[], waitedMs: number): void {
    const admitted = isOnReserve ? admitClosing(units) : units;
    let outcomes: readonly UnitOutcome[];
    try {
      outcomes = admitted.length === 0 ? [] : group.commit(admitted);
    } catch (error) {
      failGroup(admitted, error, waitedMs);
      return;
    }
    if (admitted.length > 0) {
      deps.onCommitted(group.head());
      if (!isOnReserve) recover();
    }
    answer(admitted, outcomes);
    finishGroup();
  }

  function failGroup(units: readonly PendingUnit[], error: unknown, waitedMs: number): void {
    if (isBusy(error) && waitedMs < BUSY_LIMIT_MS) {
      setTimeout(() => writeGroup(units, waitedMs + BUSY_RETRY_MS), BUSY_RETRY_MS);
      return;
    }
    degrade(reasonOf(error));
    if (isOutOfSpace(error) && !isOnReserve) {
      isOnReserve = true;
      reserve.release();
      writeGroup(units, 0);
      return;
    }
    for (const unit of units) unit.reject(notWritten(error));
    finishGroup();
  }

  function probe(): void {
    probeTimer = null;
    try {
      reserve.fill();
      group.probe(new Date().toISOString());
      isOnReserve = false;
      recover();
    } catch (error) {
      degrade(reasonOf(error));
    }
  }

  function recover(): void {
    if (probeTimer !== null) clearTimeout(probeTimer);
    probeTimer = null;
    deps.onDegraded(null);
  }

  try {
    reserve.fill();
  } catch (error) {
    isOnReserve = true;
    degrade(reasonOf(error));
  }

  return {
    head: () => group.head(),
    submit(pending) {
      queue.push(pending);
      schedule();
    },
    async stop() {
      if (isScheduled) await new Promise<void>((resolve) => (stopping = resolve));
      if (probeTimer !== null) clearTimeout(probeTimer);
    },
  };
}

function admitClosing(units: readonly PendingUnit[]): readonly PendingUnit[] {
  const isClosing = ({ unit }: PendingUnit): boolean => unit.events.length > 0 && unit.events.every(({ type }) => CLOSING.has(type));
  for (const refused of units.filter((unit) => !isClosing(unit))) refused.reject(notWritten(null));
  return units.filter(isClosing);
}

function answer(units: readonly PendingUnit[], outcomes: readonly UnitOutcome[]): void {
  for (const [index, unit] of units.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'result' in outcome) unit.resolve(outcome.result);
    else unit.reject(outcome?.error);
  }
}

function notWritten(error: unknown): AppError {
  const why = error === null ? 'there is no disk space left but what is kept for ending what runs' : reasonOf(error);
  return new AppError(
    'unavailable',
    `The log could not be written: ${why}. Nothing was done. Mend that; the gateway then goes on by itself.`,
    { cause: error },
  );
}
