import { homedir } from 'node:os';
import { app, dialog, Menu, protocol } from 'electron';
import { createDesktopHost } from './desktop-host.ts';
import { hostPaths } from './host-paths.ts';
import { readInvocation, usage, type Invocation } from './invocation.ts';
import { claimDataDirectory } from './single-instance.ts';
import { tellStartFailure } from './start-failure.ts';
import { consoleScheme, schemePrivileges } from './windows/app-protocol.ts';

const log = (message: string, error?: unknown): void => {
  if (error === undefined) console.error(message);
  else console.error(message, error);
};

async function start(invocation: Invocation): Promise<void> {
  try {
    // SECURITY: one window, one gateway, one writer per data directory.
    if (!claimDataDirectory(app, invocation.dataDir)) {
      console.error('Gatehouse is already running on this data directory. Its window has been raised.');
      app.exit(0);
      return;
    }
    const host = createDesktopHost({ invocation, version: app.getVersion(), umask, log });
    host.prepare();
    await app.whenReady();
    const ready = await host.start();
    console.error(`Gatehouse is ready. Agents connect to ${ready.mcp_url}. Data: ${ready.data_dir}`);
  } catch (error) {
    await tellStartFailure(app, dialog, error);
    app.exit(1);
  }
}

// SECURITY: files of this process and its children are the operator's alone, Chromium's own included.
const umask = process.umask(0o077);
protocol.registerSchemesAsPrivileged([{ scheme: consoleScheme, privileges: schemePrivileges }]);
if (process.platform !== 'darwin') Menu.setApplicationMenu(null);
const invocation = readInvocation({
  argv: process.argv,
  appPaths: [hostPaths.root, hostPaths.root.replace(/\/$/, ''), hostPaths.entry],
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
});
if ('problem' in invocation) {
  console.error(`${invocation.problem}\n${usage}`);
  app.exit(2);
} else {
  if (process.getuid?.() === 0)
    console.error('Running as root: the window is not confined by Chromium’s sandbox. Prefer an ordinary user.');
  void start(invocation);
}
