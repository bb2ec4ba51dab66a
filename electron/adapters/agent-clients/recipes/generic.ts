import { snippet } from '../json-recipe.ts';
import { PLACEHOLDER, SERVER_NAME, type Recipe } from '../recipe.ts';

/** Any program that speaks MCP over streamable HTTP and can send a header. Nothing of it is known, so nothing is written. */
export const generic: Recipe = {
  kind: 'generic',
  title: 'Another MCP client',
  programs: [],
  folders: () => [],
  configPath: () => null,
  canDisableOwnTools: false,
  note: 'Whether it has tools of its own, and whether they can be switched off, is for you to look up: they run outside the sandbox.',
  files: () => [],
  commands: (_places, { mcpUrl }) => [
    { label: 'The address: MCP over streamable HTTP', command: mcpUrl },
    { label: 'The header that every request carries', command: `Authorization: Bearer ${PLACEHOLDER}` },
    {
      label: 'As many clients write it',
      command: snippet({
        mcpServers: { [SERVER_NAME]: { type: 'http', url: mcpUrl, headers: { Authorization: `Bearer ${PLACEHOLDER}` } } },
      }),
    },
  ],
  inspect: () => ({ connected: false, own_tools: 'unknown' }),
};
