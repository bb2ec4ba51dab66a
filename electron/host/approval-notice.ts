import type { Approval } from '../../shared/domain/approval.ts';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { encodeForDisplay } from '../../shared/display-encoder.ts';

/** Characters; what is longer does not fit into a notification. */
const longest = 90;

/**
 * The text of the desktop notification. It says who wants what kind of thing and where, never the arguments: notifications are kept by the
 * desktop, shown on locked screens, and cannot be decided on.
 */
export function approvalNotice(fresh: readonly Approval[]): { readonly title: string; readonly body: string } {
  const [first, ...others] = fresh;
  if (first === undefined) return { title: '', body: '' };
  const place = first.workspace === null ? '' : ` · in ${first.workspace}`;
  const more = others.length === 0 ? '' : ` · and ${others.length} more`;
  return {
    title: plain(`${first.agent} wants to ${first.preview.summary}`),
    body: `${plain(`${first.risk} risk${place}`)}${more}`,
  };
}

/** The text of the notification that something a call changed is held. It names no file, for the same reasons. */
export function heldNotice(fresh: readonly ChangeSet[]): { readonly title: string; readonly body: string } {
  const [first, ...others] = fresh;
  if (first === undefined) return { title: '', body: '' };
  const held = first.entries.filter(({ state }) => state === 'held' || state === 'conflict').length;
  const more = others.length === 0 ? '' : ` · and ${others.length} more`;
  return {
    title: plain(`${first.agent} changed ${held} ${held === 1 ? 'file that is held' : 'files that are held'}`),
    body: `${plain(`in ${first.workspace} · the real ${held === 1 ? 'file is' : 'files are'} as before`)}${more}`,
  };
}

/** SECURITY: many notification daemons read the text as markup, so its signs are escaped in a way that none of them reads. */
function plain(text: string): string {
  const shown = encodeForDisplay(text).replace(/[<>&]/g, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`);
  return shown.length <= longest ? shown : `${shown.slice(0, longest - 1)}…`;
}
