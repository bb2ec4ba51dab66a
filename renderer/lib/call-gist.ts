import type { JsonObject } from '../../shared/json.ts';

/** One line that tells a call from its neighbours: its command, path or pattern, else its arguments. Its exact form belongs in an inspector. */
export function callGist(args: JsonObject): string {
  for (const key of ['command', 'path', 'pattern', 'url']) {
    const value = args[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return Object.keys(args).length === 0 ? '' : JSON.stringify(args);
}
