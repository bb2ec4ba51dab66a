import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDesktopApp, type DesktopApp } from '../testing/page/desktop-app.ts';
import { pause } from '../testing/x-desktop.ts';

const preload = fileURLToPath(new URL('../../dist/electron/preload/preload.cjs', import.meta.url));

describe('what a page of ours cannot do, even when somebody else writes its script', () => {
  let desktop: DesktopApp;
  let canary: Server;
  let canaryUrl: string;
  let hits: string[] = [];

  beforeAll(async () => {
    canary = createServer((request, response) => {
      hits.push(request.url ?? '');
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end('<title>elsewhere</title>');
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
    desktop = await startDesktopApp();
  });
  afterAll(async () => {
    await desktop.stop();
    canary.close();
  });

  const refusals = async (): Promise<string[]> => {
    const { events } = await desktop.invoke('audit.list', { types: ['operator.refused'] });
    return events.map(({ data }) => JSON.stringify(data));
  };

  it('its CSP is a header, and strict', async () => {
    for (const page of ['index.html', 'approval.html']) {
      const [status, policy] = await desktop.main.evaluate(async (address) => {
        const answer = await fetch(address);
        return [answer.status, answer.headers.get('content-security-policy')] as const;
      }, `gatehouse://console/${page}`);
      expect(status).toBe(200);
      expect(policy).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
    }
    expect(await desktop.main.evaluate(() => document.querySelector('meta[http-equiv]'))).toBeNull();
  });

  it('serves nothing but its own files', async () => {
    const statuses = await desktop.main.evaluate(async () => {
      const addresses = ['index.html', 'nothing.html', '..%2f..%2fpackage.json', '../../package.json', '%2e%2e/%2e%2e/package.json'];
      return await Promise.all(addresses.map(async (address) => (await fetch(`gatehouse://console/${address}`)).status));
    });
    expect(statuses).toEqual([200, 404, 404, 404, 404]);
  });

  it('has neither Node nor eval, and no script but its own runs', async () => {
    const found = await desktop.main.evaluate(async () => {
      const names = ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer', '__dirname'];
      const attempt = (work: () => unknown): string => {
        try {
          return String(work());
        } catch (error) {
          return (error as Error).name;
        }
      };
      // From a timer, as a page's own script would: what the driver evaluates is exempt from the policy.
      const evaluated = await new Promise<string[]>((resolve) => {
        const named = (name: string): ((text: string) => unknown) => Reflect.get(window, name) as (text: string) => unknown;
        setTimeout(() => resolve([attempt(() => named('eval')('1 + 1')), attempt(() => named('Function')('return 2'))]), 0);
      });
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.body.append(script);
      const image = document.createElement('div');
      image.innerHTML = '<img src="data:x" onerror="window.handlerRan = true">';
      document.body.append(image);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return {
        globals: names.filter((name) => name in window),
        evaluated,
        ran: ['inlineRan', 'handlerRan'].filter((name) => name in window),
      };
    });
    expect(found).toEqual({ globals: [], evaluated: ['EvalError', 'EvalError'], ran: [] });
    // The control: the page's own script did run.
    expect(await desktop.main.evaluate(() => document.getElementById('root')?.childElementCount)).toBeGreaterThan(0);
  });

  it('window.bridge holds exactly three functions and cannot be changed', async () => {
    const bridge = await desktop.main.evaluate(() => {
      const before = window.bridge!.invoke;
      for (const change of [
        () => Object.assign(window, { bridge: {} }),
        () => Object.assign(window.bridge!, { invoke: null, more: 1 }),
        () => delete (window as { bridge?: unknown }).bridge,
      ]) {
        try {
          change();
        } catch {
          // Refused loudly, which is as good.
        }
      }
      return {
        keys: Reflect.ownKeys(window.bridge!).map(String).sort(),
        frozen: Object.isFrozen(window.bridge),
        same: window.bridge!.invoke === before,
      };
    });
    expect(bridge).toEqual({ keys: ['invoke', 'onChanged', 'openStream'], frozen: true, same: true });
  });

  it('reaches no other address, by whatever road', async () => {
    await fetch(`${canaryUrl}/control`);
    expect(hits).toEqual(['/control']);
    hits = [];
    const failures = await desktop.main.evaluate(async (url) => {
      const failed = async (work: () => Promise<unknown>): Promise<boolean> =>
        await work().then(
          () => false,
          () => true,
        );
      const append = (tag: string, attributes: Record<string, string>): void =>
        document.body.append(Object.assign(document.createElement(tag), attributes));
      append('img', { src: `${url}/img` });
      append('script', { src: `${url}/script` });
      append('iframe', { src: `${url}/iframe` });
      append('link', { rel: 'prefetch', href: `${url}/prefetch` });
      append('link', { rel: 'stylesheet', href: `${url}/style` });
      append('object', { data: `${url}/object` });
      append('video', { src: `${url}/video` });
      navigator.sendBeacon(`${url}/beacon`);
      const form = Object.assign(document.createElement('form'), { action: `${url}/form`, method: 'post' });
      document.body.append(form);
      form.submit();
      return await Promise.all([
        failed(async () => await fetch(`${url}/fetch`)),
        failed(async () => await fetch(`${url}/no-cors`, { mode: 'no-cors' })),
        failed(async () => await fetch('file:///etc/passwd')),
        failed(
          async () =>
            await new Promise((resolve, reject) =>
              Object.assign(new WebSocket(url.replace('http', 'ws')), { onopen: resolve, onerror: reject }),
            ),
        ),
        failed(
          async () =>
            await new Promise((resolve, reject) => Object.assign(new EventSource(`${url}/events`), { onopen: resolve, onerror: reject })),
        ),
        failed(async () => await navigator.serviceWorker.register('/main.js')),
      ]);
    }, canaryUrl);
    expect(failures).toEqual([true, true, true, true, true, true]);
    await pause(700);
    expect(hits).toEqual([]);
  });

  it('stays where it is: no navigation, no window, no file dropped on it', async () => {
    const before = desktop.main.url();
    for (const address of [
      `${canaryUrl}/go`,
      'file:///etc/passwd',
      'data:text/html,x',
      'gatehouse://other/index.html',
      'https://example.test/',
    ]) {
      await desktop.main.evaluate((target) => {
        setTimeout(() => location.assign(target), 0);
        const link = Object.assign(document.createElement('a'), { href: target, target: '_blank' });
        document.body.append(link);
        link.click();
        window.open(target);
      }, address);
      await pause(250);
      expect(desktop.main.url()).toBe(before);
    }
    expect(await desktop.main.evaluate(() => window.open('about:blank') === null)).toBe(true);
    expect(await desktop.windows()).toHaveLength(2);
    expect(hits).toEqual([]);
    const recorded = (await refusals()).join('\n');
    expect(recorded).toContain('window: a navigation');
    expect(recorded).toContain('window: a new window');
  });

  it('gets no permission', async () => {
    const answers = await desktop.main.evaluate(async () => {
      const name = async (work: () => Promise<unknown>): Promise<string> =>
        await work().then(
          (value) => String(value),
          (error: unknown) => (error as Error).name,
        );
      const names = ['camera', 'microphone', 'geolocation', 'notifications', 'midi', 'clipboard-read'];
      const states = names.map(async (permission) => (await navigator.permissions.query({ name: permission as PermissionName })).state);
      return {
        states: [...new Set(await Promise.all(states))],
        screen: await name(async () => await navigator.mediaDevices.getDisplayMedia()),
        clipboard: await name(async () => await navigator.clipboard.readText()),
        notifications: await name(async () => await Notification.requestPermission()),
        position: await name(
          async () =>
            await new Promise((resolve, reject) =>
              navigator.geolocation.getCurrentPosition(
                () => resolve('given'),
                () => reject(new DOMException('', 'Refused')),
              ),
            ),
        ),
      };
    });
    expect(answers).toEqual({
      states: ['denied'],
      screen: 'NotAllowedError',
      clipboard: 'NotAllowedError',
      notifications: 'denied',
      position: 'Refused',
    });
  });

  it('IPC from another window with the same preload is refused and recorded, while ours is served', async () => {
    const answer = await desktop.app.evaluate(async ({ BrowserWindow }, preload) => {
      const { session } = BrowserWindow.getAllWindows()[0]!.webContents;
      const foreign = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, session } });
      try {
        await foreign.loadURL('gatehouse://console/index.html');
        return (await foreign.webContents.executeJavaScript(`window.bridge.invoke('status.get', {})`)) as unknown;
      } finally {
        foreign.destroy();
      }
    }, preload);
    expect(answer).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    expect((await desktop.invoke('status.get', {})).host).toBe('desktop');
    expect((await refusals()).join('\n')).toContain('not one of our windows');
  });

  it('a frame inside the page has no bridge', async () => {
    const has = await desktop.main.evaluate(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [window.bridge !== undefined, frame.contentWindow?.bridge !== undefined];
    });
    expect(has).toEqual([true, false]);
  });

  it('the developer tools do not open', async () => {
    const opened = await desktop.app.evaluate(async ({ BrowserWindow }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!;
      webContents.openDevTools({ mode: 'detach' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      return webContents.isDevToolsOpened();
    });
    expect(opened).toBe(false);
  });

  it('every window has the secure preferences', async () => {
    const preferences = await desktop.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) =>
        // Electron has it, though its types no longer say so.
        (webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences(),
      ),
    );
    expect(preferences).toHaveLength(2);
    for (const found of preferences) {
      expect(found).toMatchObject({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        webSecurity: true,
      });
    }
  });
});
