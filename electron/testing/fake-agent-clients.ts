import { createHash } from 'node:crypto';
import { ClientKind, type ConnectPlan, type DetectedClient } from '../../shared/domain/host.ts';
import { AppError } from '../../shared/errors.ts';
import type { AgentClients } from '../core/ports/machine.ts';

/** Agent programs in memory: each has one file, in which a line names the gateway and another says whether its own tools are off. */
export interface FakeAgentClients extends AgentClients {
  read(path: string): string | null;
  write(path: string, text: string): void;
}

const PLACEHOLDER = '$GATEHOUSE_TOKEN';
const NOT_SWITCHABLE: readonly ClientKind[] = ['cursor', 'vscode', 'generic'];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @param found the programs that are on this machine */
export function createFakeAgentClients(found: readonly ClientKind[] = ['codex']): FakeAgentClients {
  const files = new Map<string, string>(found.map((kind) => [pathOf(kind), 'mine\n']));
  const undoable = new Map<ClientKind, (string | null)[]>();
  let backupCount = 0;
  const read = (path: string): string | null => files.get(path) ?? null;

  const describe = (kind: ClientKind, mcpUrl: string): DetectedClient => {
    const text = read(pathOf(kind)) ?? '';
    const ownTools = text.includes('own tools off') ? 'off' : 'on';
    return {
      kind,
      title: kind,
      found: found.includes(kind),
      version: found.includes(kind) ? '1.0.0' : null,
      config_path: kind === 'generic' ? null : pathOf(kind),
      connected: text.includes(mcpUrl),
      own_tools: NOT_SWITCHABLE.includes(kind) ? 'not_switchable' : ownTools,
      note: null,
    };
  };

  const makePlan = (kind: ClientKind, options: { readonly mcpUrl: string; readonly disableOwnTools: boolean }): ConnectPlan => {
    const canDisable = !NOT_SWITCHABLE.includes(kind);
    const before = read(pathOf(kind));
    const after = `${before ?? ''}gatehouse ${options.mcpUrl} ${PLACEHOLDER}\n${canDisable && options.disableOwnTools ? 'own tools off\n' : ''}`;
    const backup = before === null ? null : `${pathOf(kind)}.gatehouse-backup-${(backupCount += 1)}`;
    return {
      kind,
      title: kind,
      commands: [{ label: 'Add the gateway', command: `${kind} add ${options.mcpUrl} ${PLACEHOLDER}` }],
      files:
        kind === 'generic' ? [] : [{ path: pathOf(kind), before, after, backup, sha256_before: before === null ? null : sha256(before) }],
      disables_own_tools: canDisable && options.disableOwnTools,
      can_disable_own_tools: canDisable,
      notes: [],
    };
  };

  return {
    read,
    write: (path, text) => void files.set(path, text),
    detect: async (mcpUrl) => ClientKind.options.map((kind) => describe(kind, mcpUrl)),
    plan: async (kind, options) => makePlan(kind, options),
    async apply(plan, token) {
      const backups: string[] = [];
      for (const { path, sha256_before: expected } of plan.files) {
        const now = read(path);
        if ((now === null ? null : sha256(now)) !== expected) throw new AppError('conflict', `${path} changed since the plan was shown.`);
      }
      for (const { path, after, backup } of plan.files) {
        const now = read(path);
        undoable.set(plan.kind, [...(undoable.get(plan.kind) ?? []), now]);
        if (backup !== null && now !== null) {
          files.set(backup, now);
          backups.push(backup);
        }
        files.set(
          path,
          after.replaceAll(PLACEHOLDER, () => token),
        );
      }
      return { backups };
    },
    async undo(kind) {
      const before = undoable.get(kind)?.pop();
      if (before === undefined) throw new AppError('not_found', `${kind} was not connected from here.`);
      if (before === null) files.delete(pathOf(kind));
      else files.set(pathOf(kind), before);
      return { restored: [pathOf(kind)] };
    },
  };
}

const pathOf = (kind: ClientKind): string => `/home/fake/${kind}.conf`;
