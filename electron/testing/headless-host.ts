import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Approval } from '../../shared/domain/approval.ts';
import type { MintedToken } from '../../shared/contract/contract.ts';
import { freePort } from './free-port.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cli = join(root, 'dist/electron/cli/main.js');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HeadlessHost {
  readonly dataDir: string;
  readonly port: number;
  /** The ready line. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly process: ChildProcess;
  /** A new workspace folder with these files. */
  workspace(files?: Readonly<Record<string, string>>): string;
  /** The `gatehouse` command against this host, with `--json`; the document is parsed. Throws when it exits non-zero. */
  command<T = unknown>(...args: string[]): Promise<T>;
  /** The same, as it ended. */
  run(...args: string[]): Promise<CommandResult>;
  mint(agent: string, scopes: string, ...workspaces: string[]): Promise<MintedToken>;
  /** The official client, connected with this token. `2026` negotiates the newest revision. */
  connect(token: string, mode?: '2025' | '2026'): Promise<Client>;
  /** Waits until that many requests are pending, and returns them. */
  pending(count?: number): Promise<readonly Approval[]>;
  approve(approval: Approval): Promise<CommandResult>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends everything and removes the folders. */
  stop(): Promise<void>;
}

export interface HeadlessHostOptions {
  /** An existing data directory, kept at the end. */
  readonly dataDir?: string;
  readonly port?: number;
  /** Text of policy.yaml, put there before the start. */
  readonly policy?: string;
  readonly settings?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real headless host, as `gatehouse serve --json` does, and waits for its ready line. */
export async function startHeadlessHost(options: HeadlessHostOptions = {}): Promise<HeadlessHost> {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
  const dataDir = options.dataDir ?? join(scratch, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (options.policy !== undefined) writeFileSync(join(dataDir, 'policy.yaml'), options.policy, { mode: 0o600 });
  if (options.settings !== undefined) writeFileSync(join(dataDir, 'settings.json'), JSON.stringify(options.settings), { mode: 0o600 });
  const port = options.port ?? (await freePort());
  const consolePort = await freePort();
  const env = { ...process.env, ...options.env };
  const host = spawn(
    process.execPath,
    [cli, 'serve', '--data-dir', dataDir, '--port', String(port), '--console-port', String(consolePort), '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'], env },
  );
  const ready = await readyLine(host);
  const clients: Client[] = [];

  async function run(...args: string[]): Promise<CommandResult> {
    const child = spawn(process.execPath, [cli, ...args, '--data-dir', dataDir, '--json'], { stdio: ['ignore', 'pipe', 'pipe'], env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  async function command<T>(...args: string[]): Promise<T> {
    const result = await run(...args);
    if (result.code !== 0)
      throw new Error(`gatehouse ${args.join(' ')} ended with ${String(result.code)}: ${result.stdout}${result.stderr}`);
    return JSON.parse(result.stdout) as T;
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (host.exitCode !== null || host.signalCode !== null) return;
    host.kill(signal);
    await once(host, 'exit');
  }

  return {
    dataDir,
    port,
    ready,
    process: host,
    workspace(files = {}) {
      const folder = mkdtempSync(join(scratch, 'workspace-'));
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content);
      }
      return folder;
    },
    command,
    run,
    mint: async (agent, scopes, ...workspaces) =>
      await command<MintedToken>(
        'token',
        'mint',
        '--agent',
        agent,
        '--scopes',
        scopes,
        '--ttl',
        '1h',
        ...workspaces.flatMap((path) => ['--workspace', path]),
      ),
    async connect(token, mode = '2026') {
      const client = new Client({ name: 'e2e', version: '1' }, mode === '2026' ? { versionNegotiation: { mode: 'auto' } } : {});
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${String(port)}/mcp`), {
          requestInit: { headers: { authorization: `Bearer ${token}` } },
        }),
      );
      clients.push(client);
      return client;
    },
    async pending(count = 1) {
      for (let tries = 0; tries < 100; tries += 1) {
        const { approvals } = await command<{ approvals: Approval[] }>('approvals', 'list');
        if (approvals.length === count) return approvals;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`Not ${String(count)} requests are pending.`);
    },
    approve: async ({ id, digest }) => await run('approvals', 'approve', id, '--digest', digest),
    kill,
    async stop() {
      await Promise.allSettled(clients.map(async (client) => await client.close()));
      await kill('SIGTERM');
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

async function readyLine(host: ChildProcess): Promise<Record<string, unknown>> {
  const { stdout, stderr } = host;
  if (stdout === null || stderr === null) throw new Error('The host has no output.');
  let errors = '';
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface({ input: stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(host, 'exit').then(() => null),
    new Promise<null>((resolve) => setTimeout(resolve, 30_000, null)),
  ]);
  lines.close();
  stdout.resume();
  if (line === null) {
    host.kill('SIGKILL');
    throw new Error(`The host did not get ready: ${errors}`);
  }
  const document = JSON.parse(line) as Record<string, unknown>;
  if (document['ready'] !== true) throw new Error(`The host is not ready: ${line} ${errors}`);
  return document;
}
