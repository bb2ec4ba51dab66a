import { createHashHistory, createRootRoute, createRoute, createRouter, type AnyRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { parseSearch, stringifySearch } from '../lib/address.ts';
import { messageOf } from '../lib/operation-error.ts';
import { ActivityPage } from '../features/activity/activity-page.tsx';
import { AgentsPage } from '../features/agents/agents-page.tsx';
import { ApprovalsPage } from '../features/approvals/approvals-page.tsx';
import { AuditPage } from '../features/audit/audit-page.tsx';
import { ChangesPage } from '../features/changes/changes-page.tsx';
import { HomePage } from '../features/home/home-page.tsx';
import { PolicyPage } from '../features/policy/policy-page.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, ErrorState } from '../ui/states.tsx';
import { Shell } from './shell.tsx';

const components: Readonly<Record<string, () => ReactNode>> = {
  '/': HomePage,
  '/approvals': ApprovalsPage,
  '/activity': ActivityPage,
  '/changes': ChangesPage,
  '/audit': AuditPage,
  '/agents': AgentsPage,
  '/policy': PolicyPage,
  '/settings': SettingsPage,
};

function NotFound(): ReactNode {
  return (
    <Page title="Not here">
      <Empty title="There is no such page.">Choose one on the left.</Empty>
    </Page>
  );
}

/** Addresses live behind the `#`, so that the window's own protocol and the console serve one file. */
export function createPageRouter(): AnyRouter {
  const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
  const children = Object.entries(components).map(([path, component]) => createRoute({ getParentRoute: () => root, path, component }));
  return createRouter({
    routeTree: root.addChildren(children),
    history: createHashHistory(),
    parseSearch,
    stringifySearch,
    defaultErrorComponent: ({ error }) => (
      <Page title="This page failed">
        <ErrorState error={new Error(`The gateway is not affected. ${messageOf(error)}`)} />
      </Page>
    ),
  });
}
