import { RouterProvider } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { createPageRouter } from './router.tsx';

export function MainWindow(): ReactNode {
  // Made after the page has taken the one-time secret out of the address: the router reads the hash.
  const [router] = useState(createPageRouter);
  return <RouterProvider router={router} />;
}
