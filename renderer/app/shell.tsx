import { Outlet } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { ClosedBanner } from './closed-banner.tsx';
import { Palette } from './palette.tsx';
import { PanicBanner } from './panic-banner.tsx';
import { Rail } from './rail.tsx';
import { StatusStrip } from './status-strip.tsx';

/** The main window around its page. */
export function Shell(): ReactNode {
  const [palette, setPalette] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette(true);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="flex h-full">
      <Rail />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <StatusStrip onPalette={() => setPalette(true)} />
        <ClosedBanner />
        <PanicBanner />
        <Outlet />
      </div>
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  );
}
