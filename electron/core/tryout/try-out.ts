import type { CallId, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { TokenService } from '../identity/token-service.ts';
import type { LoopbackAgent, ScratchFolders } from '../ports/loopback-agent.ts';
import type { Store } from '../ports/store.ts';

/** The name under which the built-in call appears everywhere. */
const agentName = 'Gatehouse try-out';

/** Harmless; it names a file that usually holds secrets, so that the shipped policy asks: that is what is to be seen. */
const command = "printf 'Hello from inside the sandbox.\\n' > hello.txt && cat hello.txt && hostname && ls -l && test ! -e .env";

export interface TryOutDeps {
  readonly tokens: Pick<TokenService, 'mint' | 'revoke'>;
  readonly agent: LoopbackAgent;
  readonly folders: ScratchFolders;
  readonly store: Pick<Store, 'calls'>;
  readonly mcpUrl: () => string | null;
}

/**
 * A built-in call for the first minutes: a token for six minutes and one empty folder, one command through the real front door, policy,
 * approval, sandbox and log; then the token is revoked and the folder removed. One at a time.
 */
export function createTryOut(
  deps: TryOutDeps,
): () => Promise<{ readonly call_id: CallId | null; readonly outcome: string; readonly text: string }> {
  let isRunning = false;

  async function run(url: string): Promise<{ call_id: CallId | null; outcome: string; text: string }> {
    const folder = await deps.folders.create();
    let token: TokenId | null = null;
    try {
      const minted = await deps.tokens.mint({ agent: agentName, scopes: ['bash:exec'], ttl: '6m', workspaces: [folder], targets: [] });
      token = minted.id;
      const { text } = await deps.agent.call({ url, token: minted.token, tool: 'bash', args: { command } });
      const [call] = await deps.store.calls({ agent: agentName, limit: 1 });
      return { call_id: call?.id ?? null, outcome: call?.outcome ?? 'unknown_outcome', text };
    } finally {
      if (token !== null) await deps.tokens.revoke(token);
      await deps.folders.remove(folder);
    }
  }

  return async () => {
    const url = deps.mcpUrl();
    if (url === null) throw new AppError('unavailable', 'The agents’ listener is not running.');
    if (isRunning) throw new AppError('conflict', 'A try-out is already running: decide its request.');
    isRunning = true;
    try {
      return await run(url);
    } finally {
      isRunning = false;
    }
  };
}
