import type { ConnectPlan } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import { readConfigFile } from './config-file.ts';
import { PLACEHOLDER, type ConnectOptions, type Places, type Recipe, type RecipeFile } from './recipe.ts';

type PlannedFile = ConnectPlan['files'][number];
type Planned = { readonly file: PlannedFile | null; readonly note: string | null } | { readonly problem: string };

/** A plan travels to windows and terminals; the token that it replaces may still be good. */
const EARLIER_TOKEN = /gth_[a-z0-9]{16}_[\w-]{43}/g;
/** Everything that may stand in the address, so that it can be put into a command line and into any file as it is. */
const PLAIN_URL = /^http:\/\/(127\.0\.0\.1|localhost):\d{1,5}\/mcp[\w/-]*$/;

/**
 * What connecting a client would change; nothing is written. Where one file cannot be edited safely, no file is in the plan, and a note says why:
 * the steps by hand remain. Errors: `invalid_input` for an address that is not the gateway's.
 */
export function makePlan(recipe: Recipe, places: Places, options: ConnectOptions, now: number): ConnectPlan {
  if (!PLAIN_URL.test(options.mcpUrl))
    throw new AppError('invalid_input', `${options.mcpUrl} is not the address of a gateway on this machine.`);
  const wanted = { ...options, disableOwnTools: options.disableOwnTools && recipe.canDisableOwnTools };
  const planned = recipe.files(places, wanted).map((file) => planFile(file, now));
  const problems = planned.flatMap((entry) => ('problem' in entry ? [entry.problem] : []));
  const files = planned.flatMap((entry) => ('problem' in entry || entry.file === null ? [] : [entry.file]));
  const isWritable = problems.length === 0 && recipe.configPath(places) !== null;
  return {
    kind: recipe.kind,
    title: recipe.title,
    commands: recipe.commands(places, wanted),
    files: isWritable ? files : [],
    disables_own_tools: isWritable && wanted.disableOwnTools,
    can_disable_own_tools: recipe.canDisableOwnTools,
    notes: [
      ...problems.map((problem) => `${problem} Nothing is written; take the steps by hand.`),
      ...planned.flatMap((entry) => ('problem' in entry || entry.note === null ? [] : [entry.note])),
      ...(recipe.note === null ? [] : [recipe.note]),
      ...(isWritable ? ['Sessions that are open take this up when they are started again.'] : []),
    ],
  };
}

function planFile(file: RecipeFile, now: number): Planned {
  try {
    const found = readConfigFile(file.path);
    const after = file.edit(found.text);
    if (after.split(PLACEHOLDER).length > 2) return { problem: `${found.path} already holds the word ${PLACEHOLDER}.` };
    if (after === found.text) return { file: null, note: null };
    const backup = found.text === null ? null : `${found.path}.gatehouse-backup-${stamp(now)}`;
    return {
      file: {
        path: found.path,
        before: found.text?.replace(EARLIER_TOKEN, 'gth_(an earlier token)') ?? null,
        after,
        backup,
        sha256_before: found.sha256,
      },
      note: found.isLink
        ? `${file.path} is a link; ${found.path} is changed.${after.includes(PLACEHOLDER) ? ' It will hold the token: keep it out of version control.' : ''}`
        : null,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `${file.path} cannot be edited safely (${error.message}).` };
    if (error instanceof AppError) return { problem: error.message };
    throw error;
  }
}

/** UTC with milliseconds, sortable, without characters that a file name should not have. */
const stamp = (now: number): string => new Date(now).toISOString().replace(/[-:.]/g, '');
