import { expect, test } from 'vitest';
import { readInvocation } from './invocation.ts';

const read = (args: string[], env: Record<string, string> = {}) =>
  readInvocation({
    argv: ['/x/electron', '--no-sandbox', '/app', ...args],
    appPaths: ['/app', '/app/dist/main.js'],
    env,
    home: '/home/o',
    cwd: '/work',
  });

test('the data directory: the option, else the environment, else XDG, else the home', () => {
  expect(read(['--data-dir', 'd'])).toEqual({ dataDir: '/work/d', port: null });
  expect(read(['--data-dir=/d', '--port', '4000'], { GATEHOUSE_DATA_DIR: '/e' })).toEqual({ dataDir: '/d', port: 4000 });
  expect(read([], { GATEHOUSE_DATA_DIR: '/e', XDG_DATA_HOME: '/xdg' })).toEqual({ dataDir: '/e', port: null });
  expect(read([], { GATEHOUSE_DATA_DIR: '', XDG_DATA_HOME: '/xdg' })).toEqual({ dataDir: '/xdg/gatehouse', port: null });
  expect(read([])).toEqual({ dataDir: '/home/o/.local/share/gatehouse', port: null });
});

test('a package has no path of an application on its command line', () => {
  const source = { argv: ['/opt/gatehouse', '--port', '5000'], appPaths: ['/opt/app.asar'], env: {}, home: '/home/o', cwd: '/' };
  expect(readInvocation(source)).toEqual({ dataDir: '/home/o/.local/share/gatehouse', port: 5000 });
});

test.each([
  [['--datadir', '/d']],
  [['--data-dir']],
  [['--data-dir', '']],
  [['--port', '0']],
  [['--port', '65536']],
  [['--port', '9876x']],
  [['--port', '']],
  [['gatehouse://open/x']],
  [['--headless']],
])('%j is refused, never guessed at', (args) => {
  expect(read(args)).toHaveProperty('problem');
});

test("Chromium's switches for the screen pass", () => {
  expect(read(['--ozone-platform=wayland', '--no-sandbox', '--port=4000'])).toMatchObject({ port: 4000 });
});
