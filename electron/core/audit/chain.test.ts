import { describe, expect, test } from 'vitest';
import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import type { RawAuditRow } from '../ports/store.ts';
import { chainHash, createChainCheck, GENESIS, nextRow, parseBody, verifyRows } from './chain.ts';
import { verifyExport } from './verify-export.ts';

const event: NewAuditEvent = {
  type: 'call.denied',
  actor: 'gateway',
  agent: 'robin',
  token_id: null,
  task_id: null,
  call_id: null,
  data: { reason: 'no\nline ends a row \u2028', index: 1 },
};
const TIME = '2026-03-01T12:00:00.000Z';

function rows(count: number): RawAuditRow[] {
  const made: RawAuditRow[] = [];
  for (let i = 0; i < count; i += 1) made.push(nextRow(made.at(-1) ?? GENESIS, event, TIME).row);
  return made;
}

const problemsOf = (list: readonly RawAuditRow[]): unknown => verifyRows(list).problems;
const edited = (row: RawAuditRow): RawAuditRow => ({ ...row, body: row.body.replace('robin', 'mallory') });

describe('nextRow', () => {
  test('the first hash, computed by hand', () => {
    const { row, event: stored } = nextRow(GENESIS, { ...event, data: {} }, TIME);
    expect(row.body).toBe(
      `{"actor":"gateway","agent":"robin","call_id":null,"data":{},"seq":1,"task_id":null,"time":"${TIME}","token_id":null,"type":"call.denied","v":1}`,
    );
    // (head -c 32 /dev/zero; printf %s BODY) | sha256sum
    expect(row.hash).toBe('d1c5db366be43d94b6d22e3472999f5792c77fee8f21a92c21fe8944edd3e9b5');
    expect(stored).toEqual({ ...event, data: {}, v: 1, seq: 1, time: TIME, hash: row.hash });
    expect(parseBody(row.body)).toEqual({ ...event, data: {}, v: 1, seq: 1, time: TIME });
  });

  test.each<[string, Partial<NewAuditEvent>, string]>([
    ['a type that is not one', { type: 'audit.erased' as NewAuditEvent['type'] }, TIME],
    ['an extra key', { extra: 1 } as Partial<NewAuditEvent>, TIME],
    ['a name with a line break', { agent: 'a\nb' }, TIME],
    ['data without a canonical form', { data: { n: Infinity } }, TIME],
    ['a time that is not one', {}, 'yesterday'],
  ])('refuses %s', (_name, fields, time) => {
    expect(() => nextRow(GENESIS, { ...event, ...fields }, time)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('F90: verifyRows', () => {
  const log = rows(8);
  test('a whole chain has no problems', () => {
    expect(verifyRows(log)).toEqual({ events: 8, head: { seq: 8, hash: log[7]?.hash }, problems: [] });
    expect(verifyRows([])).toEqual({ events: 0, head: GENESIS, problems: [] });
    expect(verifyRows(log.slice(4), log[3])).toMatchObject({ events: 4, problems: [] });
  });

  test.each<[string, RawAuditRow[], unknown[]]>([
    ['an edit', log.map((row) => (row.seq === 3 ? edited(row) : row)), [{ seq: 3, kind: 'hash_mismatch' }]],
    ['two missing rows', log.filter(({ seq }) => seq !== 4 && seq !== 5), [{ seq: 4, kind: 'gap' }]],
    ['a row moved to the end', [...log.slice(0, 2), ...log.slice(3), log[2]!], [{ seq: 3, kind: 'reordered' }]],
    ['a row twice', [...log.slice(0, 3), log[2]!, ...log.slice(3)], [{ seq: 3, kind: 'reordered' }]],
    [
      'bodies swapped',
      log.map((row) => ({ ...row, body: (log[{ 2: 5, 5: 2 }[row.seq - 1] ?? row.seq - 1] ?? row).body })),
      [
        { seq: 3, kind: 'reordered' },
        { seq: 6, kind: 'reordered' },
      ],
    ],
    [
      'a hash that is not one',
      log.map((row) => (row.seq === 2 ? { ...row, hash: 'A'.repeat(64) as Digest } : row)),
      [
        { seq: 2, kind: 'malformed' },
        { seq: 3, kind: 'hash_mismatch' },
      ],
    ],
  ])('%s', (_name, list, problems) => {
    expect(problemsOf(list)).toEqual(problems);
  });

  test.each(['{"v":1}', 'null', '[]', 'x', '', '{"a":1,"a":1}'])(
    'a body that was never an event (%j) is malformed even under a right hash',
    (body) => {
      expect(problemsOf([{ seq: 1, body, hash: chainHash(GENESIS.hash, body) }])).toEqual([{ seq: 1, kind: 'malformed' }]);
    },
  );

  test('another spelling of a right body is malformed', () => {
    const body = log[0]!.body.replace('"actor"', ' "actor"');
    expect(problemsOf([{ seq: 1, body, hash: chainHash(GENESIS.hash, body) }])).toEqual([{ seq: 1, kind: 'malformed' }]);
  });

  test('a scrambled log does not fill the memory with its problems', () => {
    const check = createChainCheck();
    for (let seq = 1; seq <= 5000; seq += 1) check.add({ seq, body: 'x', hash: 'f'.repeat(64) as Digest });
    expect(check.verdict().problems).toHaveLength(100);
    expect(check.verdict().events).toBe(5000);
  });
});

describe('F90: verifyExport', () => {
  const log = rows(5);
  const lines = log.map((row) => JSON.stringify(row));
  test('accepts what was exported, with or without a last empty line', async () => {
    expect(await verifyExport([...lines, ''])).toEqual({
      ok: true,
      events: 5,
      head: { seq: 5, hash: log[4]?.hash },
      anchor: 'none',
      problems: [],
    });
  });
  test('accepts a part after the row that it continues', async () => {
    expect(await verifyExport(lines.slice(2), log[1])).toMatchObject({ ok: true, events: 3 });
    expect(await verifyExport(lines.slice(2))).toMatchObject({ ok: false, problems: [{ seq: 1, kind: 'gap' }] });
  });
  test.each<[string, string[], unknown]>([
    ['an edited line', lines.map((line, index) => (index === 1 ? line.replace('robin', 'kim') : line)), { seq: 2, kind: 'hash_mismatch' }],
    ['a missing line', lines.filter((_line, index) => index !== 3), { seq: 4, kind: 'gap' }],
    ['lines out of order', [lines[1]!, lines[0]!, ...lines.slice(2)], { seq: 1, kind: 'reordered' }],
    ['a line cut short', [...lines.slice(0, 4), lines[4]!.slice(0, 40)], { seq: 5, kind: 'malformed' }],
    ['a line with more in it', [lines[0]!.replace('{', '{"note":1,')], { seq: 1, kind: 'malformed' }],
  ])('names %s', async (_name, list, problem) => {
    const verified = await verifyExport(list);
    expect(verified.ok).toBe(false);
    expect(verified.problems[0]).toEqual(problem);
  });
});
