import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '../../shared/domain/identity.ts';
import { createChangeFiles } from '../adapters/change-files/change-files.ts';
import { createChangeBus } from '../core/change-bus.ts';
import type { ApprovedContent } from '../core/changes/change-set-parts.ts';
import { createChangeSets, type ChangeSets } from '../core/changes/change-sets.ts';
import type { ClassifyChanges } from '../core/changes/change-to-judge.ts';
import type { Writer } from '../core/changes/writers.ts';
import type { ChangeFiles } from '../core/ports/change-files.ts';
import type { Store } from '../core/ports/store.ts';
import { createCopyView } from './copy-view.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeStore } from './fake-store.ts';
import { newCallId, newTaskId } from './store-records.ts';

/** A real workspace, a real second tree that stands for what a task sees, and change sets between them. */
export interface ChangeWorld {
  readonly folder: string;
  readonly dataDir: string;
  readonly workspace: string;
  readonly merged: string;
  readonly outside: string;
  readonly task: TaskId;
  readonly files: ChangeFiles;
  readonly store: Store;
  readonly changes: ChangeSets;
  /** Makes the second tree what the real one is. */
  copy(): void;
  collect(approved?: ReadonlyMap<string, ApprovedContent>, writers?: readonly Writer[]): ReturnType<ChangeSets['collect']>;
  remove(): void;
}

/** Applies everything but what has `hold` or `drop` in its path. */
export const classifyByName: ClassifyChanges = async (changes) =>
  await Promise.resolve(
    changes.map(({ path, isApproved }) => {
      const effect = path.includes('drop') ? 'drop' : path.includes('hold') && !isApproved ? 'hold' : 'apply';
      return { effect, rule: `test:${effect}`, reason: '' } as const;
    }),
  );

export function createChangeWorld(
  given: { readonly folder?: string; readonly store?: Store; readonly files?: ChangeFiles } = {},
): ChangeWorld {
  const folder = given.folder ?? realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-changes-')));
  const at = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const [dataDir, workspace, merged, outside] = [at('data'), at('workspace'), at('merged'), at('outside')] as const;
  const task = newTaskId();
  const files = given.files ?? createChangeFiles({ dataDir, protectedPaths: [dataDir] });
  const clock = createFakeClock();
  const store = given.store ?? createFakeStore({ clock });
  const changes = createChangeSets({
    store,
    files,
    clock,
    bus: createChangeBus(),
    classify: classifyByName,
    onApplied: () => Promise.resolve(),
    budgetMb: () => 100,
  });
  return {
    folder,
    dataDir,
    workspace,
    merged,
    outside,
    task,
    files,
    store,
    changes,
    copy() {
      rmSync(merged, { recursive: true, force: true });
      cpSync(workspace, merged, { recursive: true, verbatimSymlinks: true });
    },
    async collect(approved = new Map(), writers = []) {
      const view = createCopyView(task, workspace, merged);
      try {
        const call = { id: newCallId(), task_id: task, agent: 'robin', tool: 'bash', summary: 'true' };
        return await changes.collect({ call, view, writers: () => writers, approved });
      } finally {
        await view.close();
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const ODD = ['a b', 'ü', '-rf', 'new\nline', '$(x)', '"quoted"', '.hidden', '*', '日本', "it's"];

/** Files of many sizes, modes and names, links that lead and that do not, folders full and empty. */
export function growTree(folder: string, files: number): void {
  for (let index = 0; index < files; index += 1) {
    const inside = join(folder, `d${index % 20}`, `${ODD[index % ODD.length] ?? ''}-${Math.floor(index / 100)}`);
    mkdirSync(inside, { recursive: true });
    const path = join(inside, `${ODD[(index * 7) % ODD.length] ?? ''}${index}`);
    if (index % 25 === 0) symlinkSync(index % 50 === 0 ? `../missing-${index}` : '/etc/passwd', path);
    else writeFileSync(path, `content of ${index}\n`.repeat(index % 50));
    if (index % 25 !== 0) chmodSync(path, [0o644, 0o600, 0o755, 0o444, 0o640][index % 5] ?? 0o644);
  }
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'd0', 'sealed'));
  writeFileSync(join(folder, 'd0', 'sealed', 'inside'), 'x');
  chmodSync(join(folder, 'd0', 'sealed'), 0o555);
}
