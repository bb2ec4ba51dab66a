import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonEdit } from '../json-edits.ts';
import { jsonAt, jsonFile, namesServer, snippet } from '../json-recipe.ts';
import { PLACEHOLDER, readToken, SERVER_NAME, type Places, type Recipe, type RecipeFile } from '../recipe.ts';

/** Permissions, not the older `tools`: a permission that the user already has would win over those. `edit` covers write and apply_patch. */
const OWN_TOOLS = ['bash', 'edit', 'webfetch', 'websearch', 'codesearch'];
const MUST_BE_OFF = ['bash', 'edit', 'webfetch'];

const folder = ({ home, env }: Places): string => join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'opencode');
const config = (places: Places): string => {
  const commented = join(folder(places), 'opencode.jsonc');
  return existsSync(commented) ? commented : join(folder(places), 'opencode.json');
};
const tokenPath = ({ dataDir }: Places): string => join(dataDir, 'clients', 'opencode-token');

// opencode takes a value from a file, so the token stays out of a configuration that people share.
const tokenFile = (places: Places): RecipeFile => ({ path: tokenPath(places), edit: () => `${PLACEHOLDER}\n`, revert: () => '' });

const server = (mcpUrl: string, bearer: string): unknown => ({
  type: 'remote',
  url: mcpUrl,
  oauth: false,
  headers: { Authorization: `Bearer ${bearer}` },
});

const ownTools: readonly JsonEdit[] = OWN_TOOLS.map((tool) => ({ kind: 'set', path: ['permission', tool], value: 'deny', last: true }));

/** Whether a tool is denied: the last entry that matches it counts. */
function isDenied(permission: unknown, tool: string): boolean {
  if (permission === 'deny') return true;
  if (typeof permission !== 'object' || permission === null) return false;
  const matching = Object.entries(permission).filter(([pattern]) => matches(pattern, tool));
  return matching.at(-1)?.[1] === 'deny';
}

function matches(pattern: string, tool: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === tool;
  const last = rest.at(-1) ?? '';
  return tool.startsWith(first) && tool.endsWith(last);
}

/** opencode: the server and the permissions go to its user configuration, the token to a file of its own beside the log. */
export const opencode: Recipe = {
  kind: 'opencode',
  title: 'opencode',
  programs: ['opencode'],
  folders: (places) => [folder(places)],
  configPath: config,
  canDisableOwnTools: true,
  note: 'read, glob and grep stay on and read what your user can; plugins and other MCP servers run outside the sandbox; a project’s own opencode.json can switch tools on again.',
  files: (places, { mcpUrl, disableOwnTools }) => [
    tokenFile(places),
    jsonFile(config(places), [
      { kind: 'set', path: ['mcp', SERVER_NAME], value: server(mcpUrl, `{file:${tokenPath(places)}}`) },
      ...(disableOwnTools ? ownTools : []),
    ]),
  ],
  commands: (places, { mcpUrl, disableOwnTools }) => [
    readToken,
    {
      label: `Merge into ${config(places)}`,
      command: snippet({
        mcp: { [SERVER_NAME]: server(mcpUrl, '{env:GATEHOUSE_TOKEN}') },
        ...(disableOwnTools ? { permission: Object.fromEntries(OWN_TOOLS.map((tool) => [tool, 'deny'])) } : {}),
      }),
    },
    { label: 'Start it from the same shell, and look whether it connects', command: 'opencode mcp list' },
  ],
  inspect: (places, mcpUrl, read) => {
    const text = read(config(places));
    const permission = jsonAt(text, ['permission']);
    return {
      connected: namesServer(text, ['mcp'], mcpUrl),
      own_tools: MUST_BE_OFF.every((tool) => isDenied(permission, tool)) ? 'off' : 'on',
    };
  },
};
