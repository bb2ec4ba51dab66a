import { closeSync, constants, openSync } from 'node:fs';
import type { TaskId } from '../../shared/domain/identity.ts';
import type { LayerChange, LayerView } from '../core/ports/layers.ts';
import { isSameVersion } from '../core/changes/set-state.ts';
import { treeSnapshot } from './tree-snapshot.ts';

/** A view whose merged folder is a plain folder: what differs is found by comparing the two trees in full. */
export function createCopyView(task: TaskId, workspace: string, merged: string): LayerView {
  const fd = openSync(merged, constants.O_RDONLY | constants.O_DIRECTORY);
  const roots = [{ workspace, fd }];
  return {
    task,
    roots,
    namespaces: null,
    scan: () => {
      const real = treeSnapshot(workspace);
      const seen = treeSnapshot(merged);
      const paths = [...new Set([...Object.keys(real), ...Object.keys(seen)])].sort();
      const changes = paths.flatMap((path): LayerChange[] => {
        const before = real[path] ?? null;
        const after = seen[path] ?? null;
        return isSameVersion(before, after) ? [] : [{ path: `${workspace}/${path}`, workspace, before, after, isConflict: false }];
      });
      return Promise.resolve({ changes, skipped: [] });
    },
    bytes: () => Promise.resolve(0),
    close: () => {
      closeSync(fd);
      return Promise.resolve();
    },
  };
}
