import type { ReactNode } from 'react';

export function Kbd({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <kbd
      aria-hidden="true"
      className="inline-flex h-4 min-w-4 items-center justify-center rounded-sm px-1 font-sans text-xs shadow-[inset_0_0_0_1px_currentColor]"
    >
      {children}
    </kbd>
  );
}
