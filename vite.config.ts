import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The pages: the main window and the approval window. Everything that is not a page is built by scripts/build.mjs. */
export const PAGES = ['renderer/index.html', 'renderer/approval.html'].map(at).filter((page) => existsSync(page));

export default defineConfig({
  root: at('renderer'),
  // Relative addresses: the same files are served by the window's own protocol and by the headless console.
  base: './',
  publicDir: false,
  plugins: [react(), tailwindcss()],
  build: {
    outDir: at('dist/renderer'),
    emptyOutDir: true,
    target: 'chrome130',
    // SECURITY: the pages' CSP allows no data: scripts and no inline code; nothing may be inlined that it would then refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: PAGES },
  },
});
