import { join } from 'node:path';
import type { ConnectPlan } from '../../../../shared/domain/host.ts';
import { jsonFile, namesServer, snippet } from '../json-recipe.ts';
import { PLACEHOLDER, readToken, SERVER_NAME, type Places, type Recipe } from '../recipe.ts';

interface Editor extends Pick<Recipe, 'kind' | 'title' | 'programs' | 'folders' | 'note'> {
  readonly config: (places: Places) => string;
  /** Where its configuration lists MCP servers. */
  readonly list: string;
  readonly entry: (mcpUrl: string, bearer: string) => Record<string, unknown>;
  readonly commands: (config: string, entry: (bearer: string) => Record<string, unknown>) => ConnectPlan['commands'];
}

/** An editor: one JSON file lists its servers, and nothing in it switches its own agent's tools off. */
const editor = ({ config, list, entry, commands, ...rest }: Editor): Recipe => ({
  ...rest,
  configPath: config,
  canDisableOwnTools: false,
  files: (places, { mcpUrl }) => [
    jsonFile(config(places), [{ kind: 'set', path: [list, SERVER_NAME], value: entry(mcpUrl, PLACEHOLDER) }]),
  ],
  commands: (places, { mcpUrl }) => commands(config(places), (bearer) => entry(mcpUrl, bearer)),
  inspect: (places, mcpUrl, read) => ({ connected: namesServer(read(config(places)), [list], mcpUrl), own_tools: 'not_switchable' }),
});

const headers = (bearer: string): unknown => ({ Authorization: `Bearer ${bearer}` });

/** Cursor: `~/.cursor/mcp.json`. */
export const cursor: Recipe = editor({
  kind: 'cursor',
  title: 'Cursor',
  programs: ['cursor'],
  folders: ({ home }) => [join(home, '.cursor')],
  note: 'Cursor has no setting in a file that switches its own terminal, edit and fetch tools off: they run outside the sandbox. Choose a mode without them in its window, and keep its auto-run off.',
  config: ({ home }) => join(home, '.cursor', 'mcp.json'),
  list: 'mcpServers',
  entry: (mcpUrl, bearer) => ({ url: mcpUrl, headers: headers(bearer) }),
  commands: (config, entry) => [
    readToken,
    { label: `Merge into ${config}`, command: snippet({ mcpServers: { [SERVER_NAME]: entry('${env:GATEHOUSE_TOKEN}') } }) },
    { label: 'Start it from the same shell', command: 'cursor' },
  ],
});

const codeFolder = ({ home, env }: Places): string => join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'Code');

/** VS Code: the user profile’s `mcp.json`. */
export const vscode: Recipe = editor({
  kind: 'vscode',
  title: 'VS Code',
  programs: ['code'],
  folders: (places) => [codeFolder(places)],
  note: 'VS Code has no setting in a file that switches the terminal, edit and fetch tools of its agents off: they run outside the sandbox. Untick them in the tool picker of the chat.',
  config: (places) => join(codeFolder(places), 'User', 'mcp.json'),
  list: 'servers',
  entry: (mcpUrl, bearer) => ({ type: 'http', url: mcpUrl, headers: headers(bearer) }),
  commands: (config, entry) => [
    {
      label: `Merge into ${config}; VS Code asks for the token once and keeps it in its own secret storage`,
      command: snippet({
        inputs: [{ type: 'promptString', id: 'gatehouse-token', description: 'Gatehouse token', password: true }],
        servers: { [SERVER_NAME]: entry('${input:gatehouse-token}') },
      }),
    },
    { label: 'Start the server: command palette, "MCP: List Servers"', command: 'code' },
  ],
});
