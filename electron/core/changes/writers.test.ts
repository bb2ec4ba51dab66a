import { describe, expect, it } from 'vitest';
import { newCallId, newTaskId } from '../../testing/store-records.ts';
import { sha256Hex } from '../canonical-json.ts';
import { JobId } from '../../../shared/domain/job.ts';
import { authorOf, createWriters, type Writer } from './writers.ts';

const task = newTaskId();
const writer = (over: Partial<Writer> = {}): Writer => ({ call_id: newCallId(), job_id: null, tool: 'bash', file: null, ...over });
const version = (content: string, mode = 0o644) => ({ sha256: sha256Hex(content), mode });
const fileTool = (path: string, content: string, tool = 'file_write'): Writer => writer({ tool, file: { path, ...version(content) } });

describe('who may have written', () => {
  it('names everybody who could write since the last look, and nobody whose changes are known', () => {
    const writers = createWriters();
    const [call, job, other] = [writer(), writer({ job_id: JobId.parse('job_0123456789ab') }), writer()];
    const endCall = writers.begin(task, call);
    writers.begin(task, job);
    const gathering = writers.gather(task, call);
    const endOther = writers.begin(task, other);
    expect(gathering.writers()).toEqual([call, job, other]);
    gathering.done();
    endCall();
    // The job goes on; the other call has not been collected.
    expect(writers.gather(task, job).writers()).toEqual([job, other]);
    endOther();
    const next = writers.gather(task, job);
    expect(next.writers()).toEqual([job, other]);
    next.done();
    expect(writers.gather(task, call).writers()).toEqual([]);
    expect(writers.gather(newTaskId(), call).writers()).toEqual([]);
  });

  it('keeps one whose changes could not be collected until somebody else’s look has taken them in', () => {
    const writers = createWriters();
    const [lost, next] = [writer(), writer()];
    writers.begin(task, lost)();
    writers.begin(task, next);
    expect(writers.gather(task, next).writers()).toEqual([next, lost]);
  });
});

describe('whose a change is', () => {
  it('is a file tool’s own to the byte and the mode, and everybody’s else', () => {
    const own = fileTool('/w/a', 'mine');
    const job = writer({ job_id: JobId.parse('job_0123456789ab') });
    expect(authorOf('/w/a', version('mine'), [own, job])).toEqual({ tools: ['file_write'], call_id: own.call_id });
    for (const after of [version('other'), version('mine', 0o755), null])
      expect(authorOf('/w/a', after, [own, job])).toEqual({ tools: ['bash', 'file_write'], call_id: null });
    expect(authorOf('/w/b', version('mine'), [own, job])).toEqual({ tools: ['bash', 'file_write'], call_id: null });
  });

  it('goes by `bash` and by every tool that ran beside it, also where no command did', () => {
    const [write, edit] = [fileTool('/w/a', 'a'), fileTool('/w/b', 'b', 'file_edit')];
    // The other call's own file is the other call's, whoever comes first to collect it.
    expect(authorOf('/w/b', version('b'), [write, edit])).toEqual({ tools: ['file_edit'], call_id: edit.call_id });
    expect(authorOf('/w/c', version('c'), [write, edit])).toEqual({ tools: ['bash', 'file_edit', 'file_write'], call_id: null });
    expect(authorOf('/w/c', version('c'), [])).toEqual({ tools: ['bash'], call_id: null });
  });

  it('is a job’s with certainty where nothing else ran', () => {
    const call = newCallId();
    const both = [writer({ call_id: call }), writer({ call_id: call, job_id: JobId.parse('job_0123456789ab') })];
    expect(authorOf('/w/a', version('x'), both).call_id).toBe(call);
  });
});
