import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { webhookBody, webhookHeaders } from './webhook-message.ts';

const page = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../../docs/deciders.md'), 'utf8');
const snippet = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';
const secret = 'a-secret-of-the-documentation';
const body = webhookBody(
  { tool: 'install_package', arguments: { package_name: 'nginx — ✓' }, target: 'web-server-01', risk: 'critical' },
  { user: 'user@tailnet.ts.net', gatewayId: 'gateway-001' },
  {},
);

/** What the receiver has: header names in lower case, as HTTP servers give them. */
function given(timestamp: number): string {
  const headers = webhookHeaders(body, { id: 'apr_0', digest: '0', nonce: 'ab', expiresAt: '', timestamp, secret });
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return JSON.stringify({ headers: lower, secret, body: Buffer.from(body).toString('utf8') });
}

const runners: Record<string, (input: string, mutate: string) => string> = {
  js: (input, mutate) =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `${snippet('js')}\nconst x = ${input}; console.log(isFromGatehouse(x.secret, x.headers, Buffer.from(x.body + '${mutate}')));`,
      ],
      { encoding: 'utf8' },
    ),
  python: (input, mutate) =>
    execFileSync(
      'python3',
      [
        '-c',
        `${snippet('python')}\nimport json, sys\nx = json.loads(sys.argv[1])\nprint(str(is_from_gatehouse(x["secret"].encode(), x["headers"], (x["body"] + "${mutate}").encode())).lower())`,
        input,
      ],
      { encoding: 'utf8' },
    ),
};

describe('F44: the verification that docs/deciders.md shows', () => {
  it.each(['js', 'python'])('%s takes a true request, and neither a changed nor an old one', (language) => {
    const run = runners[language];
    if (run === undefined) throw new Error(language);
    const now = Math.floor(Date.now() / 1000);
    expect(run(given(now), '').trim()).toBe('true');
    expect(run(given(now), ' ').trim()).toBe('false');
    expect(run(given(now - 301), '').trim()).toBe('false');
  });

  it('the document’s own example is what is sent', () => {
    const example = JSON.parse(snippet('json')) as Record<string, unknown>;
    const sent = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
    expect(Object.keys(sent)).toEqual(Object.keys(example));
    expect(sent).toEqual({ ...example, args: { package_name: 'nginx — ✓' } });
  });
});
