import type { ConnectPlan } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import { createConfigFile, readConfigFile, replaceConfigFile, sha256, type FoundFile } from './config-file.ts';
import { readConnects, writeConnects } from './connection-record.ts';
import { PLACEHOLDER, type Places, type Recipe } from './recipe.ts';
import { undoConnect } from './undo-connect.ts';

/** What a bearer token may consist of; none of it needs quoting in JSON, TOML or a header. */
const TOKEN = /^[\w.~+/=-]{8,512}$/;
const OWNER_ONLY = 0o600;

interface Write {
  readonly found: FoundFile;
  readonly backup: string | null;
  readonly text: string;
  readonly mode: number;
}

/**
 * Writes a plan's files: checks all, backs all up, records what will be written, then replaces each in one step.
 * Errors: `conflict` when a file changed since the plan; `forbidden` for a file that is none of this client's; `invalid_input`.
 */
export function applyPlan(recipe: Recipe, places: Places, plan: ConnectPlan, token: string): { readonly backups: readonly string[] } {
  if (!TOKEN.test(token)) throw new AppError('invalid_input', 'That is not a token of this gateway.');
  const writes = plan.files.map((file) => checked(recipe, places, file, token));
  if (writes.length === 0) return { backups: [] };
  const earlier = readConnects(places.dataDir, recipe.kind);
  const backups = writes.flatMap(({ found, backup }) => {
    if (backup === null || found.text === null) return [];
    createConfigFile(backup, found.text, OWNER_ONLY);
    return [backup];
  });
  const files = writes.map(({ found, backup, text }) => ({ path: found.path, backup, mode: found.mode, sha256_after: sha256(text) }));
  // Recorded first: whatever happens from here on can be undone.
  writeConnects(places.dataDir, recipe.kind, [...earlier, { disabled_own_tools: plan.disables_own_tools, files }]);
  try {
    for (const { found, text, mode } of writes) replaceConfigFile(found.path, text, mode);
  } catch (cause) {
    undoConnect(recipe, places);
    throw new AppError('unavailable', 'A file could not be written, so what was written before it was taken back.', { cause });
  }
  return { backups };
}

function checked(recipe: Recipe, places: Places, file: ConnectPlan['files'][number], token: string): Write {
  const allowed = recipe.files(places, { mcpUrl: '', disableOwnTools: true }).map(({ path }) => readConfigFile(path).path);
  // SECURITY: a plan comes from outside; it may only name the files of its own client.
  if (!allowed.includes(file.path)) throw new AppError('forbidden', `${file.path} is not a configuration file of ${recipe.title}.`);
  const found = readConfigFile(file.path);
  if (found.sha256 !== file.sha256_before) {
    throw new AppError('conflict', `${file.path} changed since the plan was shown. Nothing was written: look at the new plan.`);
  }
  const isSecret = file.after.includes(PLACEHOLDER);
  const backup = found.text === null ? null : backupName(found.path, file.backup);
  return {
    found,
    backup,
    text: file.after.replaceAll(PLACEHOLDER, () => token),
    // SECURITY: what holds a token is for its owner alone, whatever the file was before.
    mode: isSecret ? OWNER_ONLY : (found.mode ?? OWNER_ONLY),
  };
}

function backupName(path: string, planned: string | null): string {
  // SECURITY: as with the file itself; a backup lies beside it and nowhere else.
  const prefix = `${path}.gatehouse-backup-`;
  if (planned?.startsWith(prefix) === true && /^\w+$/.test(planned.slice(prefix.length))) return planned;
  throw new AppError('forbidden', `The backup of ${path} must lie beside it.`);
}
