import { expect, test } from 'vitest';
import type { Approval } from '../../shared/domain/approval.ts';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { approvalNotice, heldNotice } from './approval-notice.ts';

const approval = (changes: Partial<Approval> = {}): Approval =>
  ({
    agent: 'claude',
    risk: 'high',
    workspace: '/home/o/shop',
    arguments: { command: 'canary' },
    preview: { summary: 'run a command', command: 'canary' },
    ...changes,
  }) as Approval;

test('says who, what kind of thing and where, and not the arguments', () => {
  const notice = approvalNotice([approval(), approval(), approval()]);
  expect(notice).toEqual({
    title: 'claude wants to run a command',
    body: 'high risk · in /home/o/shop · and 2 more',
  });
});

test('rule 15: markup, escapes and hidden characters are shown, and the text stays short', () => {
  const notice = approvalNotice([approval({ workspace: '/tmp/<img src=x>&amp;\u202e\u001b]8;;x' })]);
  expect(notice.body).toContain('\\u{3c}img src=x\\u{3e}\\u{26}amp;\\u{202e}\\u{1b}');
  expect(notice.body).not.toMatch(/[<>&\u202e\u001b]/);
  expect(approvalNotice([approval({ workspace: `/${'x'.repeat(5000)}` })]).body.length).toBeLessThan(160);
});

test('a held change set is told of without the names of its files', () => {
  const set = { agent: 'claude', workspace: '/home/o/<b>', entries: [{ state: 'held', path: '/canary' }, { state: 'applied' }] };
  expect(heldNotice([set as unknown as ChangeSet])).toEqual({
    title: 'claude changed 1 file that is held',
    body: 'in /home/o/\\u{3c}b\\u{3e} · the real file is as before',
  });
});
