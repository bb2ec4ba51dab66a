/** The names under which the window's preload and the main process talk. There are no others. */
export const ipcChannels = {
  /** `invoke(name, input)` → WireResult. */
  invoke: 'gatehouse:invoke',
  /** Page → host: `{ open, name, key }` or `{ close }`; the number names the stream within its page. */
  stream: 'gatehouse:stream',
  /** Host → page: a topic. */
  changed: 'gatehouse:changed',
  /** Host → page: the stream's number and what it said. */
  chunk: 'gatehouse:chunk',
} as const;
