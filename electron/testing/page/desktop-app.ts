import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { Bridge } from '../../../shared/contract/bridge.ts';
import type { InputOf, MintedToken, OperationName, OutputOf } from '../../../shared/contract/contract.ts';
import { freePort } from '../free-port.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

declare global {
  interface Window {
    readonly bridge?: Bridge;
  }
}

export interface DesktopAppOptions {
  /** Text of policy.yaml, put there before the start. */
  readonly policy?: string;
  readonly dataDir?: string;
  readonly settings?: unknown;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The real desktop application on the display that the caller provides. */
export interface DesktopApp {
  readonly app: ElectronApplication;
  readonly main: Page;
  readonly dataDir: string;
  readonly port: number;
  /** A folder for a workspace, removed with everything else. */
  readonly workspace: string;
  /** The approval window's page; it is replaced when it crashes. */
  approval(): Promise<Page>;
  /** One operator call through the main window's bridge. Throws what it answers when it fails. */
  invoke<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  mint(scopes: string[]): Promise<MintedToken>;
  /** The official client, as an agent uses it. */
  connect(token: string): Promise<Client>;
  /** What it has written on stderr. */
  stderr(): string;
  /** Answers every message box with this button, and keeps what was asked for `asked`. */
  answerDialogs(button: number): Promise<void>;
  asked(): Promise<readonly { readonly message: string; readonly detail: string; readonly buttons: readonly string[] }[]>;
  /** Its windows, as the system sees them. */
  windows(): Promise<readonly WindowState[]>;
  stop(): Promise<void>;
}

export interface WindowState {
  readonly page: string;
  readonly visible: boolean;
  readonly focused: boolean;
  readonly bounds: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** How the application is started from a checkout, for tests that start it without a driver. */
export const desktopArguments = (dataDir: string, ...more: string[]): string[] => [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  root,
  '--data-dir',
  dataDir,
  ...more,
];

const patienceMs = 20_000;

async function until<T>(what: string, look: () => Promise<T | null | undefined> | T | null | undefined): Promise<T> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`After ${patienceMs / 1000} s there is still no ${what}.`);
}

/** The inspector now and then loses an answer while the program collects its garbage; the question is then asked again. */
const windowStates = async (app: ElectronApplication): Promise<WindowState[]> =>
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => ({
      page: /([a-z]+)\.html/.exec(window.webContents.getURL())?.[1] ?? '',
      visible: window.isVisible(),
      focused: window.isFocused(),
      bounds: window.getBounds(),
    })),
  );

export async function startDesktopApp(options: DesktopAppOptions = {}): Promise<DesktopApp> {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-desktop-'));
  const dataDir = options.dataDir ?? join(scratch, 'data');
  const workspace = join(scratch, 'workspace');
  mkdirSync(workspace);
  if (!existsSync(dataDir)) mkdirSync(dataDir, { mode: 0o700 });
  if (options.policy !== undefined) writeFileSync(join(dataDir, 'policy.yaml'), options.policy, { mode: 0o600 });
  if (options.settings !== undefined) writeFileSync(join(dataDir, 'settings.json'), JSON.stringify(options.settings), { mode: 0o600 });
  const port = options.port ?? (await freePort());
  const app = await _electron.launch({
    args: [root, '--data-dir', dataDir, '--port', String(port)],
    chromiumSandbox: process.getuid?.() !== 0,
    env: { ...(process.env as Record<string, string>), ...options.env },
  });
  let errors = '';
  app.process().stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const clients: Client[] = [];
  const pageOf = (name: string): Page | undefined => app.windows().find((page) => !page.isClosed() && page.url().includes(`/${name}.html`));
  const main = await until(`main window; stderr: ${errors}`, () => pageOf('index'));
  await main.waitForFunction(() => window.bridge !== undefined);

  async function invoke<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    const result = await main.evaluate(([operation, value]) => window.bridge!.invoke(operation, value), [name, input] as const);
    if (!result.ok) throw new Error(`${name}: ${result.error.code}: ${result.error.message}`);
    return result.value as OutputOf<Name>;
  }

  return {
    app,
    main,
    dataDir,
    port,
    workspace,
    approval: async () => await until('approval window', () => pageOf('approval')),
    invoke,
    mint: async (scopes) =>
      await invoke('tokens.mint', { agent: 'Test agent', scopes: scopes as MintedToken['scopes'], ttl: '1h', workspaces: [workspace] }),
    async connect(token) {
      const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      });
      await client.connect(transport);
      clients.push(client);
      return client;
    },
    stderr: () => errors,
    async answerDialogs(button) {
      await app.evaluate(({ dialog }, response) => {
        const kept: unknown[] = [];
        Object.assign(globalThis, { askedInTest: kept });
        dialog.showMessageBox = (...args: unknown[]) => {
          kept.push(args.at(-1));
          return Promise.resolve({ response, checkboxChecked: false });
        };
        return true;
      }, button);
    },
    asked: async () =>
      await app.evaluate(() => (globalThis as unknown as { askedInTest: Awaited<ReturnType<DesktopApp['asked']>> }).askedInTest),
    windows: async () => await windowStates(app).catch(async () => await windowStates(app)),
    async stop() {
      await Promise.allSettled(clients.map(async (client) => await client.close()));
      const child = app.process();
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
        await ended;
        clearTimeout(timer);
      }
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
