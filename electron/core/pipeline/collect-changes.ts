import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { ApprovedContent } from '../changes/change-set-parts.ts';
import type { Execution, IntendedCall, PipelineDeps } from './call-context.ts';

/** Paths that a reply names of each kind; the rest is counted. */
const named = 8;

/**
 * Step 6: what the call changed in its layer becomes a change set. Also when the call failed or was stopped: what it did until then is
 * there. Never throws: what cannot be collected is let go of with the layer, and the reply says so.
 */
export async function collectChanges(deps: PipelineDeps, { call, record }: IntendedCall, execution: Execution): Promise<Execution> {
  const view = call.layer.written();
  if (view === null) return execution;
  // What floods the disk is not copied into the real files as well; the layer lets go of it before the task's next call.
  if (execution.output.structured['limit'] === 'disk') return withNote(execution, overDisk);
  try {
    const { id, agent, tool } = record;
    const summary = record.preview?.command ?? record.preview?.summary ?? tool;
    const changes = await deps.changes.collect({
      call: { id, task_id: call.record.task_id, agent, tool, summary },
      view,
      approved: approvedContents(call, record.approval_id !== null),
    });
    if (changes === null) return execution;
    return { ...withNote(execution, ...notesOf(changes)), changes };
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

/** What the operator has approved with its difference before it ran is not asked about again. */
function approvedContents(call: IntendedCall['call'], wasApproved: boolean): ReadonlyMap<string, ApprovedContent> {
  const diff = call.resolution.preview.diff;
  if (!wasApproved || diff === null || diff.truncated) return new Map();
  const before = diff.before === null ? null : sha256Hex(diff.before);
  return new Map([[diff.path, { before, after: sha256Hex(diff.after) }]]);
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
