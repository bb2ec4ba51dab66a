import { join } from 'node:path';
import { PLACEHOLDER, readToken, SERVER_NAME, type Places, type Recipe } from '../recipe.ts';
import { applyTomlEdits, revertTomlEdits, tomlValueAt, type TomlEdit } from '../toml-edits.ts';
import { readToml } from '../toml-syntax.ts';

// Codex 0.169 has no switch for its `apply_patch` tool: the read-only sandbox mode makes Codex refuse what it would write, or ask first.
const OWN_TOOLS: readonly TomlEdit[] = [
  { kind: 'key', table: [], key: 'sandbox_mode', value: '"read-only"' },
  { kind: 'key', table: [], key: 'web_search', value: '"disabled"' },
  { kind: 'key', table: ['features'], key: 'shell_tool', value: 'false' },
];

const folder = ({ home, env }: Places): string => env['CODEX_HOME'] ?? join(home, '.codex');
const config = (places: Places): string => join(folder(places), 'config.toml');

// The gateway asks, so that Codex need not; it answers within 290 s.
const server = (mcpUrl: string): TomlEdit => ({
  kind: 'table',
  table: ['mcp_servers', SERVER_NAME],
  body: `url = ${JSON.stringify(mcpUrl)}
http_headers = { Authorization = "Bearer ${PLACEHOLDER}" }
default_tools_approval_mode = "approve"
tool_timeout_sec = 300
`,
});

const editsFor = (mcpUrl: string, disableOwnTools: boolean): readonly TomlEdit[] => [...(disableOwnTools ? OWN_TOOLS : []), server(mcpUrl)];

const namesServer = (text: string, mcpUrl: string): boolean =>
  readToml(text).some(
    (statement) =>
      statement.kind === 'pair' &&
      [...statement.table, ...statement.key][0] === 'mcp_servers' &&
      statement.key.at(-1) === 'url' &&
      [`"${mcpUrl}"`, `'${mcpUrl}'`].includes(statement.value),
  );

const isOff = (text: string): boolean =>
  OWN_TOOLS.every((edit) => edit.kind === 'table' || unquoted(tomlValueAt(text, [...edit.table, edit.key])) === unquoted(edit.value));
const unquoted = (value: string | null): string | null => value?.replace(/^(["'])(.*)\1$/, '$2') ?? null;

/** Codex: everything is in `config.toml`. By hand the token stays in a variable; written by us it needs none, and the file becomes 0600. */
export const codex: Recipe = {
  kind: 'codex',
  title: 'Codex',
  programs: ['codex'],
  folders: (places) => [folder(places)],
  configPath: config,
  canDisableOwnTools: true,
  note: 'Codex cannot hide its apply_patch tool: in read-only mode it asks you itself before such an edit, or refuses. Images it may still read; profiles, flags and trusted projects can loosen this.',
  files: (places, { mcpUrl, disableOwnTools }) => {
    const edits = editsFor(mcpUrl, disableOwnTools);
    return [
      {
        path: config(places),
        edit: (text) => applyTomlEdits(text, edits),
        revert: (current, before) => revertTomlEdits(current, before, edits),
      },
    ];
  },
  commands: (places, { mcpUrl, disableOwnTools }) => [
    readToken,
    { label: 'Add the gateway', command: `codex mcp add ${SERVER_NAME} --url ${mcpUrl} --bearer-token-env-var GATEHOUSE_TOKEN` },
    {
      label: `In ${config(places)}, let the gateway ask instead of Codex`,
      command: `[mcp_servers.${SERVER_NAME}]\ndefault_tools_approval_mode = "approve"\ntool_timeout_sec = 300`,
    },
    ...(disableOwnTools
      ? [
          {
            label: `In ${config(places)}, before the first [section], switch its own tools off`,
            command: applyTomlEdits(null, OWN_TOOLS).trimEnd(),
          },
        ]
      : []),
  ],
  inspect: (places, mcpUrl, read) => {
    const text = read(config(places)) ?? '';
    return { connected: namesServer(text, mcpUrl), own_tools: isOff(text) ? 'off' : 'on' };
  },
};
