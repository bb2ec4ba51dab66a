import { describe, expect, it } from 'vitest';
import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { callRecord } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Collection } from '../changes/change-set-parts.ts';
import type { Execution, IntendedCall, PipelineDeps } from './call-context.ts';
import { collectChanges } from './collect-changes.ts';

const execution = (structured: JsonObject = {}): Execution => ({
  output: { text: 'output', structured, isError: false, exitCode: 0, truncated: false, bytes: 6 },
  outcome: 'succeeded',
  reason: null,
  durationMs: 1,
  recording: null,
  changes: null,
});

const entry = (path: string, state: ChangeEntry['state']): ChangeEntry => ({ path, state }) as ChangeEntry;

/** Step 6 over a call that wrote, or did not; `answer` is what the change sets make of it. */
async function collected(options: {
  readonly entries?: readonly ChangeEntry[] | null | AppError;
  readonly isWritten?: boolean;
  readonly structured?: JsonObject;
  readonly approved?: boolean;
}) {
  const collections: Collection[] = [];
  const { entries = null, isWritten = true } = options;
  const deps = {
    changes: {
      collect: (collection: Collection) => {
        collections.push(collection);
        if (entries instanceof AppError) return Promise.reject(entries);
        return Promise.resolve(entries === null ? null : ({ workspace: '/w', entries } as unknown as ChangeSet));
      },
    },
  } as unknown as PipelineDeps;
  const intended = {
    call: {
      record: callRecord(),
      layer: { written: () => (isWritten ? plainView() : null) },
      resolution: { preview: { diff: { path: '/w/Makefile', before: null, after: 'all:', truncated: false } } },
    },
    record: callRecord({ approval_id: options.approved === true ? ('apr_x' as never) : null }),
  } as unknown as IntendedCall;
  return { collections, result: await collectChanges(deps, intended, execution(options.structured)) };
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
    expect((await collected({ approved: true })).collections[0]?.approved).toEqual(
      new Map([['/w/Makefile', { before: null, after: sha256Hex('all:') }]]),
    );
    expect((await collected({ approved: false })).collections[0]?.approved).toEqual(new Map());
  });

  it('F59: does not copy into the real files what went over the disk limit', async () => {
    const { collections, result } = await collected({ structured: { limit: 'disk' }, entries: [entry('/w/huge', 'applied')] });
    expect(collections).toEqual([]);
    expect(result.output.text).toContain('was let go');
    // Positive control: another limit says nothing about what was written.
    expect((await collected({ structured: { limit: 'memory' } })).collections).toHaveLength(1);
  });

  it('tells the agent when the changes could not be collected; nothing is thrown', async () => {
    const { result } = await collected({ entries: new AppError('unavailable', 'no space is left') });
    expect(result).toMatchObject({ outcome: 'failed', output: { isError: true } });
    expect(result.reason).toContain('no space is left');
  });
});
