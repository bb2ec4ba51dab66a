import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { app, protocol } from 'electron';
import type { AuditVerification } from '../../shared/domain/audit.ts';
import type { MintedToken } from '../../shared/contract/contract.ts';
import { createSampleRepository } from './demo/sample-repository.ts';
import { demoSteps, runScriptedAgent, type DemoResult } from './demo/scripted-agent.ts';
import { createDesktopHost, type DesktopHost } from './desktop-host.ts';
import { consoleScheme, schemePrivileges } from './windows/app-protocol.ts';

/** Seconds until a request of the demo expires: long enough to read, short enough to wait for. */
const expirySeconds = 20;

const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

/** `npm run demo`: the real window and gateway over a temporary data directory, and a scripted agent at its public address. `--exit` ends after the summary. */
async function demo(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'));
  const dataDir = join(folder, 'data');
  const repository = join(folder, 'greeter');
  mkdirSync(dataDir, { mode: 0o700 });
  createSampleRepository(repository);
  writeFileSync(join(dataDir, 'settings.json'), JSON.stringify({ approvals: { timeout_s: expirySeconds } }), { mode: 0o600 });
  app.setPath('userData', join(folder, 'window'));
  const host = createDesktopHost({
    invocation: { dataDir, port: portArgument() },
    version: app.getVersion(),
    umask: process.umask(0o077),
    log: (message, error) => {
      console.error(message, error ?? '');
    },
  });
  host.prepare();
  app.on('window-all-closed', () => undefined);
  app.on('quit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  await app.whenReady();
  const { mcp_url } = await host.start();
  say(`The gateway listens at ${mcp_url}. Everything of this demo is in ${folder} and is removed at the end.`);
  const passed = await play(host, mcp_url, repository);
  if (process.argv.includes('--exit')) await host.leave.end(passed ? 0 : 1);
  else say('\nThe window stays open: look at Activity and Audit. Quit ends the demo.');
  return passed;
}

async function play(host: DesktopHost, url: string, repository: string): Promise<boolean> {
  const { token } = await invoke<MintedToken>(host, 'tokens.mint', {
    agent: 'Demo agent',
    scopes: ['file:read', 'file:write', 'bash:exec'],
    ttl: '1h',
    workspaces: [repository],
  });
  const results = await runScriptedAgent({ url, token, version: app.getVersion() }, demoSteps, (event) => {
    if ('begins' in event)
      say(`\n→ The agent ${event.begins.title}.${event.begins.ask === null ? '' : `  In the window: ${event.begins.ask}`}`);
    else
      say(
        `  ${event.ended.outcome}${event.ended.rule === null ? '' : ` by rule ${event.ended.rule}`}, after ${event.ended.seconds.toFixed(1)} s`,
      );
  });
  const verification = await invoke<AuditVerification>(host, 'audit.verify', {});
  return summarise(results, verification);
}

function summarise(results: readonly DemoResult[], verification: AuditVerification): boolean {
  say('\nSummary');
  for (const { step, outcome } of results)
    say(
      `  ${outcome === step.expected ? '✓' : '✗'} ${step.title}: ${outcome}${outcome === step.expected ? '' : `, expected ${step.expected}`}`,
    );
  say(
    `  ${verification.ok ? '✓' : '✗'} the audit log: ${verification.events.toString()} events, ${verification.ok ? 'chained without a break' : 'with problems'}, head ${verification.head.hash.slice(0, 12)}`,
  );
  return verification.ok && results.every(({ step, outcome }) => outcome === step.expected);
}

async function invoke<T>(host: DesktopHost, name: string, input: unknown): Promise<T> {
  const result = await host.invoke(name, input);
  if (!result.ok) throw new Error(`${name}: ${result.error.message}`);
  return result.value as T;
}

function portArgument(): number | null {
  const value = /^--port=(\d{1,5})$/.exec(process.argv.find((argument) => argument.startsWith('--port=')) ?? '')?.[1];
  return value === undefined ? null : Number(value);
}

protocol.registerSchemesAsPrivileged([{ scheme: consoleScheme, privileges: schemePrivileges }]);
demo().then(
  (passed) => {
    process.exitCode = passed ? 0 : 1;
  },
  (error: unknown) => {
    console.error('The demo failed.', error);
    app.exit(1);
  },
);
