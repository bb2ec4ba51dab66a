import { Search } from 'lucide-react';
import type { ReactNode } from 'react';
import type { GatewayStatus } from '../../shared/domain/host.ts';
import { clockTime, counted } from '../lib/format.ts';
import { useOperation } from '../lib/operations.ts';
import { cx } from '../ui/cx.ts';
import { Kbd } from '../ui/kbd.tsx';

/** The key of the palette as this keyboard names it. */
const paletteKey = navigator.userAgent.includes('Mac') ? '⌘K' : 'Ctrl K';

function Part({ to, title, children }: { readonly to: string; readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <a
      href={`#${to}`}
      title={title}
      className="flex h-7 items-center gap-1.5 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink"
    >
      {children}
    </a>
  );
}

function Dot({ tint }: { readonly tint: string }): ReactNode {
  return <span aria-hidden="true" className={cx('size-2 rounded-full', tint)} />;
}

function auditWords(audit: GatewayStatus['audit']): ReactNode {
  if (audit.ok === false) return <span className="font-medium text-deny">audit ✕ does not verify</span>;
  if (audit.ok === null || audit.verified_at === null) return <span>audit {counted(audit.events, 'row')}</span>;
  return (
    <span>
      audit <span className="text-allow">✓</span> {clockTime(audit.verified_at)}
    </span>
  );
}

const sandboxWords = {
  bubblewrap: { words: 'bubblewrap', tint: 'text-ink' },
  allowlist: { words: 'none, only a short list runs', tint: 'text-ask' },
  none: { words: 'off, commands run as you', tint: 'text-deny' },
  refuse: { words: 'none, commands are refused', tint: 'text-deny' },
} as const satisfies Record<GatewayStatus['sandbox']['effective'], { words: string; tint: string }>;

/** Where it listens, what confines, and whether the log holds; each part opens its page. */
export function StatusStrip({ onPalette }: { readonly onPalette: () => void }): ReactNode {
  const { data: status } = useOperation('status.get', {}, { refetchInterval: 30_000 });
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b border-hairline px-4">
      {status !== undefined && (
        <>
          <Part to="/agents" title={status.mcp_url ?? 'The listener is not open.'}>
            <Dot tint={status.state === 'running' && status.mcp_url !== null ? 'bg-allow' : 'bg-deny-strong'} />
            <span className="machine">{status.mcp_url === null ? 'not listening' : new URL(status.mcp_url).host}</span>
            {status.state === 'closed' && <span className="font-medium text-deny">closed</span>}
          </Part>
          <Part to="/" title={[status.sandbox.reason_for_downgrade, status.sandbox.detail].filter((text) => text !== null).join(' ')}>
            sandbox{' '}
            <span className={cx('font-medium', sandboxWords[status.sandbox.effective].tint)}>
              {sandboxWords[status.sandbox.effective].words}
            </span>
          </Part>
          {status.capabilities
            .filter(({ id, status: state }) => id === 'approvals' && state === 'fail')
            .map(({ evidence }) => (
              <Part key="approvals" to="/settings" title={evidence}>
                approval <span className="font-medium text-deny">off or unreachable</span>
              </Part>
            ))}
          <Part to="/audit" title={`Head ${status.audit.head}`}>
            {auditWords(status.audit)}
          </Part>
        </>
      )}
      <span className="flex-1" />
      <button
        type="button"
        onClick={onPalette}
        className="flex h-7 w-56 items-center gap-2 rounded-md bg-surface px-2.5 text-sm text-ink-3 shadow-[inset_0_0_0_1px_var(--color-hairline)] hover:text-ink"
      >
        <Search size={14} aria-hidden="true" />
        <span className="flex-1 text-left">Search or act</span>
        <Kbd>{paletteKey}</Kbd>
      </button>
    </header>
  );
}
