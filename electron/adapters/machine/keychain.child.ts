import { randomBytes } from 'node:crypto';
import { AsyncEntry } from 'keytar';

// Runs in a process of its own: a locked keyring hangs its caller, and a hung call blocks libuv's threads. Its parent kills it.
// Arguments: service, account. Prints one JSON line: {"ok":true} or {"ok":false,"step","message"}.

const [service = '', account = ''] = process.argv.slice(2);
let step = 'open';

/** Writes, reads and removes one entry, and answers why that failed, or null. */
async function tryEntry(): Promise<string | null> {
  // SECURITY: pinned to the Secret Service. Without this the library silently stores in the kernel keyring, which forgets at reboot.
  const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
  const secret = randomBytes(16).toString('hex');
  step = 'write';
  await entry.setPassword(secret);
  step = 'read';
  if ((await entry.getPassword()) !== secret) return 'it answered something else than was stored';
  step = 'delete';
  return (await entry.deletePassword()) ? null : 'the entry was gone before it was deleted';
}

const answer = await tryEntry().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
process.stdout.write(`${JSON.stringify(answer === null ? { ok: true } : { ok: false, step, message: answer })}\n`);
