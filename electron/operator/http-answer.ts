import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireResult } from '../../shared/contract/contract.ts';
import type { JsonValue } from '../../shared/json.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { parseStrictJson } from '../core/strict-json.ts';

/** Answers with one JSON document that nothing keeps. */
export function answerJson(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  res.end(text);
}

/** Answers with a failure in the form of an operator call's. A body that is still coming is not read: the connection ends. */
export function answerError(res: ServerResponse, status: number, code: ErrorCode, message: string): void {
  res.setHeader('Connection', 'close');
  answerJson(res, status, { ok: false, error: { code, message } } satisfies WireResult);
}

/**
 * Reads a JSON body, strictly parsed. `limit` in bytes. Errors: `invalid_input`, also for another content type than plain JSON, which
 * is what a form on a web page can send.
 */
export async function readJson(req: IncomingMessage, limit: number): Promise<JsonValue> {
  if (!/^application\/json(; ?charset=utf-8)?$/i.test(req.headers['content-type'] ?? '')) {
    throw new AppError('invalid_input', 'Send the body as application/json.');
  }
  if (req.headers['content-encoding'] !== undefined) throw new AppError('invalid_input', 'Send the body without compression.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new AppError('invalid_input', `The body is larger than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return parseStrictJson(Buffer.concat(chunks), { maxBytes: limit });
}
