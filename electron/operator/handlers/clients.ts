import type { MintedToken } from '../../../shared/contract/contract.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ConnectPlan } from '../../../shared/domain/host.ts';
import type { ChangeBus } from '../../core/change-bus.ts';
import type { TokenService } from '../../core/identity/token-service.ts';
import type { AgentClients } from '../../core/ports/machine.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Caller } from '../caller.ts';
import type { HandlersOf } from '../handler.ts';
import { operatorEvent, recordEvent } from './operator-event.ts';

export interface ClientHandlerDeps {
  readonly clients: AgentClients;
  readonly tokens: Pick<TokenService, 'mint' | 'revoke'>;
  readonly store: Pick<Store, 'commit'>;
  readonly bus: ChangeBus;
  /** Where agents reach the gateway; null while it does not listen. */
  readonly mcpUrl: () => string | null;
}

type Names = 'clients.detect' | 'clients.plan' | 'clients.connect' | 'clients.undo';

/** Connecting agent programs: what is found, what would change, the change, and the way back. */
export function createClientHandlers(deps: ClientHandlerDeps): HandlersOf<Names> {
  const mcpUrl = (): string => {
    const url = deps.mcpUrl();
    if (url === null) throw new AppError('unavailable', 'The agents’ listener is not running, so there is nothing to connect to.');
    return url;
  };
  const plan = async (kind: ConnectPlan['kind'], disableOwnTools: boolean): Promise<ConnectPlan> =>
    deps.clients.plan(kind, { mcpUrl: mcpUrl(), disableOwnTools });

  const applyRecorded = async (fresh: ConnectPlan, token: MintedToken, caller: Caller): Promise<string[]> => {
    const { backups } = await deps.clients.apply(fresh, token.token);
    const data = {
      kind: fresh.kind,
      action: 'connected',
      files: fresh.files.map((file) => file.path),
      own_tools_disabled: fresh.disables_own_tools,
      channel: caller.channel,
    };
    try {
      await recordEvent(deps.store, { ...operatorEvent('client.connected', data), agent: token.agent, token_id: token.id });
    } catch (error) {
      await deps.clients.undo(fresh.kind);
      throw error;
    }
    deps.bus.changed('clients');
    return [...backups];
  };

  return {
    'clients.detect': async () => ({ clients: [...(await deps.clients.detect(mcpUrl()))] }),
    'clients.plan': async (input) => plan(input.kind, input.disable_own_tools),
    'clients.connect': async ({ plan: shown, mint }, caller) => {
      // SECURITY: files are written by a plan made here and now. The caller's copy only proves what the operator was shown: a page
      // that was taken over could otherwise write any file of the operator's.
      const fresh = await plan(shown.kind, shown.disables_own_tools);
      if (!changesTheSame(fresh, shown)) {
        throw new AppError('conflict', 'The files changed since this plan was shown. Nothing was written: look at the new plan.');
      }
      const token = await deps.tokens.mint(mint);
      try {
        return { token, backups: await applyRecorded(fresh, token, caller) };
      } catch (error) {
        // SECURITY: a token that was written half, or whose use could not be recorded, must not stay good.
        await deps.tokens.revoke(token.id);
        throw error;
      }
    },
    'clients.undo': async ({ kind }, caller) => {
      await recordEvent(deps.store, operatorEvent('client.connected', { kind, action: 'undone', channel: caller.channel }));
      const { restored } = await deps.clients.undo(kind);
      deps.bus.changed('clients');
      return { restored: [...restored] };
    },
  };
}

/** Whether two plans write the same to the same files. Where the old content is kept may differ. */
function changesTheSame(one: ConnectPlan, other: ConnectPlan): boolean {
  const essence = (plan: ConnectPlan): string =>
    JSON.stringify(plan.files.map(({ path, before, after, sha256_before }) => [path, before, after, sha256_before]));
  return one.disables_own_tools === other.disables_own_tools && essence(one) === essence(other);
}
