import { z } from 'zod';
import type { AuditVerification } from '../../../shared/domain/audit.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import { createChainCheck, GENESIS, type ChainHead } from './chain.ts';

const ExportLine = z.strictObject({ seq: z.number().int(), body: z.string(), hash: Digest });

/**
 * Checks an export without the database: lines of `{seq, body, hash}`, oldest first. `start` is the row before the first line; an
 * export of everything needs none, and an export of a part reports a `gap` without it. Whether lines are missing at the end
 * cannot be seen from the lines alone: compare `head` with what another record says.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  start: ChainHead = GENESIS,
): Promise<AuditVerification> {
  const check = createChainCheck(start);
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const row = parseLine(line);
    if (row === null) check.report({ seq: check.verdict().head.seq + 1, kind: 'malformed' });
    else check.add(row);
  }
  const { events, head, problems } = check.verdict();
  return { ok: problems.length === 0, events, head, anchor: 'none', problems: [...problems] };
}

function parseLine(line: string): z.infer<typeof ExportLine> | null {
  try {
    return ExportLine.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
