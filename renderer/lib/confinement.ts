import type { GatewayStatus } from '../../shared/domain/host.ts';

const words = {
  bubblewrap: 'in bubblewrap, no network but what its profile lists',
  allowlist: 'no sandbox here: only a short list of programs that read',
  none: 'no sandbox: as you, without any isolation',
  refuse: 'no sandbox here: it will be refused',
} as const satisfies Record<GatewayStatus['sandbox']['effective'], string>;

/** Under what a tool's effect happens, in the words of a card; null where there is nothing exact to say. */
export function confinementOf(tool: string, status: GatewayStatus | undefined): string | null {
  if (tool !== 'bash' || status === undefined) return null;
  return words[status.sandbox.effective];
}
