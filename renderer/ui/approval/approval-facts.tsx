import type { ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { CallPreview } from '../../../shared/domain/call.ts';
import { mixedScriptWords } from '../../lib/mixed-scripts.ts';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';

function Names({ names }: { readonly names: readonly string[] }): ReactNode {
  return names.map((name, index) => (
    <span key={`${index}:${name}`}>
      {index > 0 && ', '}
      <Untrusted text={name} mono />
    </span>
  ));
}

function accessOf(preview: CallPreview, access: 'read' | 'write' | 'list'): string[] {
  const shownInDiff = preview.diff?.path;
  return preview.paths.filter((path) => path.access === access && path.path !== shownInDiff).map((path) => path.path);
}

function relative(path: string, base: string | null): string {
  return base !== null && path.startsWith(`${base}/`) ? path.slice(base.length + 1) : path;
}

/** What the call would run and touch, as the gateway found it; `null` when there is nothing to add to the call itself. */
export function ApprovalFacts({ approval }: { readonly approval: Approval }): ReactNode {
  const { preview } = approval;
  const base = preview.cwd ?? approval.workspace;
  const operands = preview.operands.map((operand) => relative(operand.path, base));
  const reads = accessOf(preview, 'read').map((path) => relative(path, base));
  const writes = accessOf(preview, 'write').map((path) => relative(path, base));
  const lists = accessOf(preview, 'list').map((path) => relative(path, base));
  const parts: ReactNode[] = [];
  const add = (key: string, verb: string, names: readonly string[]): void => {
    if (names.length > 0) {
      parts.push(
        <span key={key}>
          {verb} <Names names={names} />
        </span>,
      );
    }
  };
  add('programs', 'runs', preview.programs);
  if (preview.runs_unlisted.length > 0) {
    parts.push(
      <span key="unlisted" className="font-medium text-ask">
        <Names names={preview.runs_unlisted} /> also {preview.runs_unlisted.length === 1 ? 'runs' : 'run'} files not listed
      </span>,
    );
  }
  add(
    'reads',
    'reads',
    [...new Set([...operands, ...reads])].filter((name) => !preview.programs.includes(name)),
  );
  add('writes', 'writes', writes);
  add('lists', 'lists', lists);
  if (parts.length === 0) return null;
  return (
    <p className="text-sm text-ink-2 [overflow-wrap:anywhere]">
      {parts.map((part, index) => (
        <span key={index}>
          {index > 0 && '; '}
          {part}
        </span>
      ))}
    </p>
  );
}

/** What is out of the ordinary, before anything else; nothing when nothing is. */
export function ApprovalUnusual({ approval }: { readonly approval: Approval }): ReactNode {
  const { preview } = approval;
  const mixed = mixedScriptWords([preview.command ?? '', preview.diff?.path ?? '', ...preview.paths.map((path) => path.path)].join(' '));
  const absent = approval.state === 'pending' && !approval.agent_connected;
  if (!preview.unparsed && mixed.length === 0 && !absent) return null;
  return (
    <div className="flex flex-col gap-1.5">
      {absent && <Notice tone="ask">The agent has closed its connection; it will not receive the result.</Notice>}
      {preview.unparsed && (
        <Notice tone="ask">Part of this command could not be parsed, so what it runs and reads is not listed in full.</Notice>
      )}
      {mixed.length > 0 && (
        <Notice tone="ask">
          Letters of two alphabets in one word: <Names names={mixed} />
        </Notice>
      )}
    </div>
  );
}

/** Why it asks. */
export function ApprovalWhy({ approval }: { readonly approval: Approval }): ReactNode {
  return (
    <p className="text-sm text-ink-2 [overflow-wrap:anywhere]">
      Asked by rule <Untrusted text={approval.rule} mono className="text-ink" />
      {approval.reason !== '' && (
        <>
          : <Untrusted text={approval.reason} />
        </>
      )}
    </p>
  );
}
