import type { GatewayStatus } from '../../shared/domain/host.ts';

/** Under what a tool's effect happens, in the words of a card; null where there is nothing exact to say. */
export function confinementOf(tool: string, status: GatewayStatus | undefined): string | null {
  if (tool !== 'bash' || status === undefined) return null;
  return status.sandbox.effective === 'bubblewrap' ? 'in bubblewrap, no network' : 'no sandbox here: it will be refused';
}
