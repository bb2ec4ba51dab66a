import type { CallRecord } from '../../../shared/domain/call.ts';
import type { Digest, TaskId } from '../../../shared/domain/identity.ts';

/** A call that has been resolved and judged, as the broker needs it. */
export type AskedCall = CallRecord & {
  readonly digest: Digest;
  readonly task_id: TaskId;
  readonly preview: NonNullable<CallRecord['preview']>;
};
