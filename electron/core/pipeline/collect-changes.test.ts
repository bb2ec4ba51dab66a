import { describe, expect, it } from 'vitest';
import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import type { CallDifference } from '../../../shared/domain/call.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { callRecord } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Collection } from '../changes/change-set-parts.ts';
import type { Execution, IntendedCall, PipelineDeps } from './call-context.ts';
import { collectChanges } from './collect-changes.ts';
import { resultReply } from './replies.ts';

const execution = (structured: JsonObject = {}): Execution => ({
  output: { text: 'output', structured, isError: false, exitCode: 0, truncated: false, bytes: 6 },
  outcome: 'succeeded',
  reason: null,
  durationMs: 1,
  recording: null,
  changes: null,
});

const whole = { before: null, after: { bytes: 4, sha256: sha256Hex('all:'), mode: 0o644 } };
const entry = (path: string, state: ChangeEntry['state']): ChangeEntry => ({ path, state }) as ChangeEntry;

/** Step 6 over a call that wrote, or did not; `answer` is what the change sets make of it. */
async function collected(options: {
  readonly entries?: readonly ChangeEntry[] | null | AppError;
  readonly isWritten?: boolean;
  readonly structured?: JsonObject;
  readonly approved?: boolean;
  readonly skipped?: readonly string[];
  readonly diff?: Partial<CallDifference>;
}) {
  let gathered = 0;
  const view = { ...plainView(), scan: async () => ({ changes: [], skipped: options.skipped ?? [] }) };
  const collections: Collection[] = [];
  const { entries = null, isWritten = true } = options;
  const deps = {
    changes: {
      collect: async (collection: Collection) => {
        collections.push(collection);
        await collection.view.scan();
        if (entries instanceof AppError) return Promise.reject(entries);
        return Promise.resolve(entries === null ? null : ({ workspace: '/w', entries } as unknown as ChangeSet));
      },
    },
  } as unknown as PipelineDeps;
  const intended = {
    call: {
      record: callRecord(),
      layer: { written: () => (isWritten ? { view, gathering: { writers: () => [], done: () => (gathered += 1) } } : null) },
      resolution: {
        preview: { diff: { path: '/w/Makefile', before: null, after: 'all:', truncated: true, is_text: true, whole, ...options.diff } },
      },
    },
    record: callRecord({ approval_id: options.approved === true ? ('apr_x' as never) : null }),
  } as unknown as IntendedCall;
  return { gathered: () => gathered, collections, result: await collectChanges(deps, intended, execution(options.structured)) };
}

describe('collecting what a call changed', () => {
  it('leaves a call alone that opened no layer for writing', async () => {
    const { collections, result } = await collected({ isWritten: false });
    expect(collections).toEqual([]);
    expect(result.output.text).toBe('output');
  });

  it('says nothing of what was simply applied, and names what waits, what was dropped and what failed', async () => {
    expect((await collected({ entries: [entry('/w/a', 'applied')] })).result.output.text).toBe('output');
    const { result } = await collected({
      entries: [entry('/w/.envrc', 'held'), entry('/w/b', 'conflict'), entry('/w/c', 'dropped'), entry('/w/d', 'failed')],
    });
    expect(result.output.text).toMatch(/waiting for the operator.*\.envrc, b\./);
    expect(result.output.text).toMatch(/not kept, by policy: c/);
    expect(result.output.text).toMatch(/could not be applied.*: d/);
    expect(result.changes?.entries).toHaveLength(4);
  });

  it('hands over the content that was approved, and nothing where nobody was asked', async () => {
    expect((await collected({ approved: true })).collections[0]?.approved).toEqual(new Map([['/w/Makefile', whole]]));
    expect((await collected({ approved: false })).collections[0]?.approved).toEqual(new Map());
    // Nobody has seen what was replaced.
    expect((await collected({ approved: true, diff: { is_text: false } })).collections[0]?.approved).toEqual(new Map());
  });

  it('F59: does not copy into the real files what went over the disk limit', async () => {
    const { collections, result } = await collected({ structured: { limit: 'disk' }, entries: [entry('/w/huge', 'applied')] });
    expect(collections).toEqual([]);
    expect(result.output.text).toContain('was let go');
    // Positive control: another limit says nothing about what was written.
    expect((await collected({ structured: { limit: 'memory' } })).collections).toHaveLength(1);
  });

  it('tells the agent, in text and structure, what stays behind in the layer', async () => {
    const { result } = await collected({ skipped: ['/w/socket', '/w/pipe'] });
    const reply = resultReply(result);
    expect(reply).toMatchObject({ structured: { left_behind: { paths: ['/w/pipe', '/w/socket'], more: 0 } } });
    expect(result.output.text).toMatch(/^output\n\[did not reach the real files.*\/w\/pipe, \/w\/socket\]$/);
    // Some agents show the structured part alone.
    expect(reply.kind === 'result' ? reply.structured?.['text'] : '').toBe(result.output.text);
    const many = await collected({ skipped: Array.from({ length: 50 }, (_, at) => `/w/${at.toString()}`) });
    expect(many.result.output.structured['left_behind']).toMatchObject({ more: 30 });
    // Positive control: nothing stays behind, nothing is said.
    expect(resultReply((await collected({})).result)).toMatchObject({ structured: null, text: 'output' });
  });

  it('forgets who may have written only once the changes are in the record', async () => {
    expect((await collected({})).gathered()).toBe(1);
    expect((await collected({ entries: new AppError('unavailable', 'full') })).gathered()).toBe(0);
  });

  it('tells the agent when the changes could not be collected; nothing is thrown', async () => {
    const { result } = await collected({ entries: new AppError('unavailable', 'no space is left') });
    expect(result).toMatchObject({ outcome: 'failed', output: { isError: true } });
    expect(result.reason).toContain('no space is left');
  });
});
