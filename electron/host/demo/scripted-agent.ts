import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** One thing the scripted agent tries. */
export interface DemoStep {
  readonly title: string;
  /** What the person at the window is asked to do; null when nothing is asked. */
  readonly ask: string | null;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** How it should end. */
  readonly expected: 'succeeded' | 'denied' | 'expired';
}

export const demoSteps: readonly DemoStep[] = [
  { title: 'reads README.md', ask: null, tool: 'file_read', args: { path: 'README.md' }, expected: 'succeeded' },
  {
    title: 'mends a typing error in src/greet.js',
    ask: null,
    tool: 'file_edit',
    args: { path: 'src/greet.js', old_text: 'Helo, ', new_text: 'Hello, ' },
    expected: 'succeeded',
  },
  { title: 'runs the test', ask: null, tool: 'bash', args: { command: 'node test.js' }, expected: 'succeeded' },
  {
    title: 'adds a script to package.json',
    ask: 'Read the difference, then allow it once.',
    tool: 'file_edit',
    args: {
      path: 'package.json',
      old_text: '"test": "node test.js"',
      new_text: '"test": "node test.js",\n    "start": "node src/greet.js"',
    },
    expected: 'succeeded',
  },
  { title: 'tries to delete everything', ask: null, tool: 'bash', args: { command: 'rm -rf / --no-preserve-root' }, expected: 'denied' },
  {
    title: 'wants to plant a git hook',
    ask: 'Deny it.',
    tool: 'file_write',
    args: { path: '.git/hooks/pre-commit', content: '#!/bin/sh\nnode src/greet.js\n', mode: '0755' },
    expected: 'denied',
  },
  {
    title: 'asks for something nobody answers',
    ask: 'Leave it alone: it expires.',
    tool: 'bash',
    args: { command: 'cat .env' },
    expected: 'expired',
  },
];

export interface DemoResult {
  readonly step: DemoStep;
  readonly outcome: string;
  readonly rule: string | null;
  readonly text: string;
  readonly seconds: number;
}

/** Runs the steps one after the other with the official client, over the gateway's public address. */
export async function runScriptedAgent(
  connection: { readonly url: string; readonly token: string; readonly version: string },
  steps: readonly DemoStep[],
  onStep: (event: { readonly begins: DemoStep } | { readonly ended: DemoResult }) => void,
): Promise<readonly DemoResult[]> {
  const client = new Client({ name: 'gatehouse-demo', version: connection.version });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(connection.url), {
      requestInit: { headers: { authorization: `Bearer ${connection.token}` } },
    }),
  );
  const results: DemoResult[] = [];
  try {
    for (const step of steps) {
      onStep({ begins: step });
      const started = performance.now();
      const reply = await client.callTool({ name: step.tool, arguments: { ...step.args } }, { timeout: 120_000 });
      const text = reply.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
      const denial = (reply.structuredContent ?? {}) as { readonly outcome?: string; readonly rule?: string };
      const outcome = reply.isError === true ? (denial.outcome ?? 'failed') : 'succeeded';
      const result = { step, outcome, rule: denial.rule ?? null, text, seconds: (performance.now() - started) / 1000 };
      results.push(result);
      onStep({ ended: result });
    }
    return results;
  } finally {
    await client.close();
  }
}
