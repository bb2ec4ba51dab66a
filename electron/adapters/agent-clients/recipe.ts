import type { ClientKind, ConnectPlan, DetectedClient } from '../../../shared/domain/host.ts';

/** Where a client's files are looked for. Nothing here is read from this process's own environment. */
export interface Places {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The gateway's own data directory (0700): for a token that a client can read from a file. */
  readonly dataDir: string;
}

export interface ConnectOptions {
  readonly mcpUrl: string;
  readonly disableOwnTools: boolean;
}

/** One file that connecting changes. Both functions throw SyntaxError when the file cannot be edited safely. */
export interface RecipeFile {
  readonly path: string;
  /** @param text the file as it is; null when there is none */
  edit(text: string | null): string;
  /** Takes the same edit out of a file that others may have changed since. @param before the file as it was before the edit */
  revert(current: string, before: string | null): string;
}

/** How one agent program is connected, and what its own configuration can and cannot switch off. */
export interface Recipe {
  readonly kind: ClientKind;
  readonly title: string;
  /** Names of its program. */
  readonly programs: readonly string[];
  /** Folders that show that it is, or was, used here. */
  folders(places: Places): readonly string[];
  /** The file that names its MCP servers. */
  configPath(places: Places): string | null;
  readonly canDisableOwnTools: boolean;
  /** What stays open even with its own tools off. */
  readonly note: string | null;
  files(places: Places, options: ConnectOptions): readonly RecipeFile[];
  commands(places: Places, options: ConnectOptions): ConnectPlan['commands'];
  /** @param read answers a file's text, null when there is none. @throws SyntaxError when one cannot be read */
  inspect(places: Places, mcpUrl: string, read: (path: string) => string | null): Pick<DetectedClient, 'connected' | 'own_tools'>;
}

/** Stands for the token in everything that is shown; `apply` puts the token in. */
export const PLACEHOLDER = '$GATEHOUSE_TOKEN';
/** The gateway's name in every client's configuration. */
export const SERVER_NAME = 'gatehouse';

/** Takes a token into a variable, by paste, without the shell's history seeing it. */
export const readToken: ConnectPlan['commands'][number] = {
  label: 'Paste the token into a variable; neither the screen nor the shell history keeps it',
  command: 'read -rs GATEHOUSE_TOKEN && export GATEHOUSE_TOKEN',
};
