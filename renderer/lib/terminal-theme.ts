import type { ITheme } from '@xterm/xterm';

const light: ITheme = {
  background: '#f1f3f6',
  foreground: '#1c2129',
  cursor: '#3157b7',
  cursorAccent: '#ffffff',
  selectionBackground: '#c3d0ee',
  black: '#1c2129',
  red: '#b3261e',
  green: '#1d6b3a',
  yellow: '#7d5400',
  blue: '#2b51b0',
  magenta: '#86329a',
  cyan: '#0b6477',
  white: '#5d6673',
  brightBlack: '#5d6673',
  brightRed: '#c5221f',
  brightGreen: '#17743b',
  brightYellow: '#855a00',
  brightBlue: '#2f5fd0',
  brightMagenta: '#983bb0',
  brightCyan: '#0a6e83',
  brightWhite: '#1c2129',
};

const dark: ITheme = {
  background: '#0c0e12',
  foreground: '#e7e9ec',
  cursor: '#8fb0ff',
  cursorAccent: '#0c0e12',
  selectionBackground: '#2f3f63',
  black: '#6d7683',
  red: '#ff8a80',
  green: '#7bd88f',
  yellow: '#e8c062',
  blue: '#8fb0ff',
  magenta: '#d9a0ea',
  cyan: '#76d1dd',
  white: '#d3d7dd',
  brightBlack: '#8b94a1',
  brightRed: '#ffa49c',
  brightGreen: '#98e5a8',
  brightYellow: '#f3d283',
  brightBlue: '#abc4ff',
  brightMagenta: '#e6bbf2',
  brightCyan: '#97e0e9',
  brightWhite: '#ffffff',
};

const system = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)');

/** The colours of a terminal in the page's theme as it is now. */
export function terminalTheme(): ITheme {
  const chosen = document.documentElement.dataset['theme'];
  const isDark = chosen === undefined ? system().matches : chosen === 'dark';
  return isDark ? dark : light;
}

/** Calls back when the page's theme changes. Returns a function that stops it. */
export function onThemeChange(listener: () => void): () => void {
  const media = system();
  const attribute = new MutationObserver(listener);
  attribute.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  media.addEventListener('change', listener);
  return () => {
    attribute.disconnect();
    media.removeEventListener('change', listener);
  };
}
