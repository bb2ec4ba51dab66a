import { join } from 'node:path';
import { jsonAt, jsonFile, namesServer, snippet } from '../json-recipe.ts';
import { PLACEHOLDER, readToken, SERVER_NAME, type Places, type Recipe } from '../recipe.ts';

/** Its own tools that run commands, change files or fetch; `Monitor` runs a command too. */
const OWN_TOOLS = ['Bash', 'Monitor', 'Edit', 'Write', 'NotebookEdit', 'WebFetch', 'WebSearch'];
const MUST_BE_OFF = ['Bash', 'Edit', 'Write', 'NotebookEdit', 'WebFetch'];

const folder = ({ home, env }: Places): string => env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude');
const settings = (places: Places): string => join(folder(places), 'settings.json');
const servers = (places: Places): string => join(places.env['CLAUDE_CONFIG_DIR'] ?? places.home, '.claude.json');

/** Claude Code: the server goes to `.claude.json` (which it keeps 0600), the tools to the user's `settings.json`, whose `deny` no project can lift. */
export const claudeCode: Recipe = {
  kind: 'claude-code',
  title: 'Claude Code',
  programs: ['claude'],
  folders: (places) => [folder(places)],
  configPath: servers,
  canDisableOwnTools: true,
  note: 'Read, Glob and Grep stay on and read what your user can; hooks, plugins and other MCP servers run outside the sandbox.',
  files: (places, { mcpUrl, disableOwnTools }) => [
    jsonFile(servers(places), [
      {
        kind: 'set',
        path: ['mcpServers', SERVER_NAME],
        value: { type: 'http', url: mcpUrl, headers: { Authorization: `Bearer ${PLACEHOLDER}` } },
      },
    ]),
    jsonFile(settings(places), [
      // The gateway asks; without this Claude Code would ask the same a second time.
      { kind: 'add', path: ['permissions', 'allow'], items: [`mcp__${SERVER_NAME}`] },
      ...(disableOwnTools ? [{ kind: 'add' as const, path: ['permissions', 'deny'], items: OWN_TOOLS }] : []),
    ]),
  ],
  commands: (places, { mcpUrl, disableOwnTools }) => [
    readToken,
    {
      label: 'Add the gateway for all projects',
      command: `claude mcp add --scope user --transport http ${SERVER_NAME} ${mcpUrl} --header "Authorization: Bearer ${PLACEHOLDER}"`,
    },
    {
      label: `Merge into ${settings(places)}`,
      command: snippet({ permissions: { allow: [`mcp__${SERVER_NAME}`], ...(disableOwnTools ? { deny: OWN_TOOLS } : {}) } }),
    },
  ],
  inspect: (places, mcpUrl, read) => {
    const denied = jsonAt(read(settings(places)), ['permissions', 'deny']);
    const isOff = Array.isArray(denied) && MUST_BE_OFF.every((tool) => denied.includes(tool));
    return { connected: namesServer(read(servers(places)), ['mcpServers'], mcpUrl), own_tools: isOff ? 'off' : 'on' };
  },
};
