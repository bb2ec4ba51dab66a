import type { Terminal } from '@xterm/xterm';

/** What of the terminal's renderer is replaced. Not part of its interface: the version is pinned, and a test fails when it is not there. */
interface Drawn {
  readonly _core?: {
    readonly _renderService?: { readonly _renderer?: { readonly value?: { readonly _rowFactory?: { _addStyle?: AddStyle } } } };
  };
}
type AddStyle = (element: HTMLElement, style: string) => void;

// Holds a style element's place; empty ones are refused as well.
const placeholder = (page: Document): HTMLElement => page.createElementNS('http://www.w3.org/1999/xhtml', 'template');

/**
 * Opens a terminal in `host`. xterm.js writes the text of style elements, and style attributes for colours that are not in its palette.
 * SECURITY: the pages' policy refuses both (`style-src 'self'`) and is not loosened for it: the same rules go through the object model,
 * which only a script that was let in can reach. Returns what takes the rules away again.
 */
export function openUnderPolicy(terminal: Terminal, host: HTMLElement): () => void {
  const page = host.ownerDocument;
  const sheets: CSSStyleSheet[] = [];
  const make = (name: string): HTMLElement => {
    if (name !== 'style') return page.createElementNS('http://www.w3.org/1999/xhtml', name);
    const element = placeholder(page);
    const sheet = new CSSStyleSheet();
    sheets.push(sheet);
    page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
    Object.defineProperty(element, 'textContent', { get: () => '', set: (text: string) => sheet.replaceSync(text) });
    return element;
  };
  // Everything that a terminal makes a style element for is made while it opens.
  Object.defineProperty(page, 'createElement', { value: make, configurable: true });
  try {
    terminal.open(host);
  } finally {
    Reflect.deleteProperty(page, 'createElement');
  }
  const rows = (terminal as unknown as Drawn)._core?._renderService?._renderer?.value?._rowFactory;
  if (rows !== undefined) {
    rows._addStyle = (element, style) => {
      element.style.cssText += `${style};`;
    };
  }
  return () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}
