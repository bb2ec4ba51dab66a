import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ApprovedContent } from '../changes/change-set-parts.ts';
import { leftBehind, tellingSkipped } from '../changes/left-behind.ts';
import type { Execution, IntendedCall, PipelineDeps } from './call-context.ts';

/** Paths that a reply names of each kind; the rest is counted. */
const named = 8;

/**
 * Step 6: what the call changed in its layer becomes a change set. Also when the call failed or was stopped: what it did until then is
 * there. Never throws: what cannot be collected is let go of with the layer, and the reply says so.
 */
export async function collectChanges(deps: PipelineDeps, { call, record }: IntendedCall, execution: Execution): Promise<Execution> {
  const written = call.layer.written();
  if (written === null) return execution;
  const { view, gathering } = written;
  // What floods the disk is not copied into the real files as well; the layer lets go of it before the task's next call.
  if (execution.output.structured['limit'] === 'disk') return withNote(execution, overDisk);
  const looked = tellingSkipped(view);
  try {
    const { id, agent, tool } = record;
    const summary = record.preview?.command ?? record.preview?.summary ?? tool;
    const changes = await deps.changes.collect({
      call: { id, task_id: call.record.task_id, agent, tool, summary },
      view: looked.view,
      writers: () => gathering.writers(),
      approved: approvedContents(call, record.approval_id !== null),
    });
    gathering.done();
    const told = withSkipped(execution, looked.skipped());
    return changes === null ? told : { ...withNote(told, ...notesOf(changes)), changes };
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'the gateway could not read them';
    const reason = `What the call changed did not reach the real files, and is let go of before the next call: ${why}.`;
    return {
      ...execution,
      outcome: 'failed',
      reason,
      output: { ...execution.output, isError: true, text: `${execution.output.text}\n[${reason}]` },
    };
  }
}

const overDisk = '[what it changed was let go, because it took more disk than its profile allows: write less, and call again]';

const withNote = (execution: Execution, ...notes: string[]): Execution => ({
  ...execution,
  output: { ...execution.output, text: [execution.output.text, ...notes].filter((part) => part !== '').join('\n') },
});

/** SECURITY: what stays behind is told, so that an agent does not build upon files that only its own view has. */
function withSkipped(execution: Execution, skipped: readonly string[]): Execution {
  const note = leftBehind(skipped);
  if (note === null) return execution;
  const { output } = withNote(execution, note.text);
  const { paths, more } = note.left_behind;
  return { ...execution, output: { ...output, structured: { ...output.structured, left_behind: { paths, more } } } };
}

/** What the operator has approved with its difference before it ran is not asked about again. */
function approvedContents(call: IntendedCall['call'], wasApproved: boolean): ReadonlyMap<string, ApprovedContent> {
  const diff = call.resolution.preview.diff;
  // SECURITY: a yes to what could not be shown at all counts for nothing here; to a long text it counts for the whole of it, by its hash.
  if (!wasApproved || diff === null || diff.whole === null || !diff.is_text) return new Map();
  return new Map([[diff.path, diff.whole]]);
}

/** What the agent is told beside the command's own output: only what did not simply happen. */
function notesOf({ entries, workspace }: ChangeSet): string[] {
  const list = (state: readonly ChangeEntry['state'][]): string[] =>
    entries
      .filter((entry) => state.includes(entry.state))
      .map(({ path }) => (path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path));
  const show = (paths: readonly string[]): string =>
    paths.length <= named ? paths.join(', ') : `${paths.slice(0, named).join(', ')} and ${(paths.length - named).toString()} more`;
  const held = list(['held', 'conflict']);
  const dropped = list(['dropped']);
  const failed = list(['failed']);
  return [
    ...(held.length === 0
      ? []
      : [
          `[waiting for the operator before it reaches the real files: ${show(held)}. You see your version; go on, and do not write it again.]`,
        ]),
    ...(dropped.length === 0 ? [] : [`[not kept, by policy: ${show(dropped)}]`]),
    ...(failed.length === 0 ? [] : [`[could not be applied to the real files: ${show(failed)}]`]),
  ];
}
