import { expect, test } from 'vitest';
import { closeQuestion, quitQuestion } from './leaving.ts';

test('quitting with nothing at work asks nothing', () => {
  expect(quitQuestion({ agents: [], waiting: 0, running: 0 })).toBeNull();
});

test('quitting names what it ends, and Cancel is the answer of Enter and Escape', () => {
  const question = quitQuestion({ agents: ['claude', 'codex'], waiting: 2, running: 1 });
  expect(question?.detail).toBe(
    '2 requests that wait for you are denied.\n1 running call is stopped.\nThese agents lose the gateway: claude, codex.',
  );
  expect(question?.buttons[question.defaultId]).toBe('Cancel');
  expect(question?.buttons[question.cancelId]).toBe('Cancel');
  expect(quitQuestion({ agents: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], waiting: 0, running: 0 })?.detail).toContain(
    'a, b, c, d, e and 2 more',
  );
});

test('closing without a tray says how to come back', () => {
  expect(closeQuestion('Ctrl+Alt+G').detail).toContain('press Ctrl+Alt+G');
  expect(closeQuestion(null).detail).not.toContain('press');
});
