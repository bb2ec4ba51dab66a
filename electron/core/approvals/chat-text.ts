import type { Approval } from '../../../shared/domain/approval.ts';
import { encodeForDisplay } from '../../../shared/display-encoder.ts';
import { redactArguments } from '../secrets/redact.ts';

export type Chat = 'slack' | 'discord';

/** A request as a chat shows it, escaped for that chat. Only a whole one may be approved there. */
export interface ChatText {
  readonly text: string;
  readonly isWhole: boolean;
}

// SECURITY: untrusted text is escaped for the service that shows it (THREATS rule 15). Slack reads &, < and > even in plain text; Discord reads
// Markdown, whose every sign a backslash takes the meaning from.
const escapes: Record<Chat, (text: string) => string> = {
  slack: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  discord: (text) => text.replace(/[!-/:-@[-`{-~]/g, '\\$&'),
};

/** Characters that had to be written out, three line ends together, and long gaps: a person would not see them as what they are. */
const notAsItIs = /\\u\{|(?:\\[nrt]\s*){3}| {16}|\n\s*\n\s*\n/;

/** Characters that a message may have, after escaping, with room for the rest of it. */
const most: Record<Chat, number> = { slack: 2900, discord: 1850 };
/** Characters of what is cut, before escaping: never more than `most` after it. */
const cutAt: Record<Chat, number> = { slack: 550, discord: 880 };

/**
 * What a person needs to see. Not whole, and so not to be approved there: what is too long, what had a secret in it, writes whose difference
 * is not shown in full, and what a chat may show differently from how it is (long gaps, letters outside ASCII, right-to-left text).
 */
export function chatText(approval: Approval, chat: Chat): ChatText {
  const redacted = redactArguments(approval.arguments);
  const shown = encodeForDisplay(linesOf(approval, JSON.stringify(redacted, null, 1)).join('\n'), { multiline: true });
  const escaped = escapes[chat](shown);
  const isFaithful =
    JSON.stringify(redacted) === JSON.stringify(approval.arguments) &&
    approval.preview.diff?.truncated !== true &&
    /^[\n\x20-\x7e]*$/.test(shown) &&
    !notAsItIs.test(shown);
  if (escaped.length <= most[chat]) return { text: escaped, isWhole: isFaithful };
  return { text: `${escapes[chat](shown.slice(0, cutAt[chat]))}\n(cut)`, isWhole: false };
}

function linesOf(approval: Approval, args: string): string[] {
  const { preview } = approval;
  const warnings = [
    ...preview.runs_unlisted.map((program) => `Also runs files that are not listed (${program}).`),
    ...(preview.unparsed ? ['Part of the command could not be parsed.'] : []),
  ];
  return [
    `Agent: ${approval.agent}`,
    `Tool: ${approval.tool} (risk ${approval.risk})`,
    `Target: ${approval.target}`,
    ...(approval.workspace === null ? [] : [`Workspace: ${approval.workspace}`]),
    ...(preview.cwd === null ? [] : [`Folder: ${preview.cwd}`]),
    `Arguments: ${args}`,
    ...preview.paths.map(({ path, access }) => `Would ${access}: ${path}`),
    ...warnings,
    `Asked by ${approval.rule}: ${approval.reason}`,
    `Request ${approval.id}, until ${approval.expires_at}`,
    `Digest ${approval.digest}`,
  ];
}

/** One untrusted line, escaped. */
export const chatLine = (text: string, chat: Chat): string => escapes[chat](encodeForDisplay(text));
