import { useMemo, type ReactNode } from 'react';
import { useBridge } from '../../lib/bridge-context.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { settingAt, settingKeys } from '../../lib/settings-keys.ts';
import { themes, useTheme } from '../../lib/theme.ts';
import { Button } from '../../ui/button.tsx';
import { CopyLine } from '../../ui/copy-button.tsx';
import { Switch } from '../../ui/field.tsx';
import { Page, PageSection } from '../../ui/page.tsx';
import { ErrorState, Loading, Notice } from '../../ui/states.tsx';
import { HeldSettings } from './held-settings.tsx';
import { SettingRow } from './setting-row.tsx';

const sectionTitles: Readonly<Record<string, string>> = {
  server: 'Listener',
  approvals: 'Approvals',
  deciders: 'Requests that leave this machine',
  'deciders.webhook': 'Approval webhook',
  'deciders.slack': 'Slack',
  'deciders.discord': 'Discord',
  'deciders.pagerduty': 'PagerDuty',
  'deciders.callbacks': 'Answers from chats',
  safety: 'Commands',
};

function SocketSwitch(): ReactNode {
  const status = useOperation('status.get', {});
  const allow = useCommand('socket.allow');
  const { host } = useBridge();
  if (status.data === undefined) return null;
  const isDesktop = host === 'desktop' && status.data.host === 'desktop';
  return (
    <div className="flex flex-col gap-3">
      <Switch
        checked={status.data.socket_may_decide}
        disabled={!isDesktop || allow.isPending}
        onChange={(on) => allow.mutate({ allow: on })}
        label="Allow the command line to decide until quit"
        hint={
          isDesktop
            ? 'Any program of your user can reach its socket, an agent’s own shell included. Off, it can only read and revoke.'
            : 'Without a window the command line always may.'
        }
      />
      {allow.isError && <Notice tone="deny">{allow.error.message}</Notice>}
      <CopyLine text={`gatehouse approvals list --data-dir ${status.data.data_dir}`} />
    </div>
  );
}

function ThemeChoice(): ReactNode {
  const [theme, setTheme] = useTheme();
  return (
    <div className="flex gap-1" role="group" aria-label="Appearance">
      {themes.map((name) => (
        <Button key={name} aria-pressed={theme === name} tone={theme === name ? 'plain' : 'quiet'} onClick={() => setTheme(name)}>
          {name.charAt(0).toUpperCase() + name.slice(1)}
        </Button>
      ))}
    </div>
  );
}

/** Every setting with what it means; each change is recorded. */
export function SettingsPage(): ReactNode {
  const answer = useOperation('config.get', {});
  const keys = useMemo(() => settingKeys(), []);
  const values = answer.data?.settings;
  const sections = [...new Set(keys.map((key) => key.section))];
  return (
    <Page title="Settings" note="Each change is written to the audit log." scroll>
      <div className="max-w-[960px]">
        {answer.isPending && <Loading what="settings" />}
        {answer.isError && <ErrorState error={answer.error} retry={() => void answer.refetch()} />}
        {answer.data !== undefined && answer.data.held !== null && <HeldSettings inForce={answer.data.settings} held={answer.data.held} />}
        {values !== undefined &&
          sections.map((section) => (
            <PageSection key={section} title={sectionTitles[section] ?? section}>
              {keys
                .filter((key) => key.section === section)
                .map((key) => (
                  <SettingRow key={key.key} setting={key} value={settingAt(values, key.key)} />
                ))}
            </PageSection>
          ))}
        <PageSection title="Command line">
          <SocketSwitch />
        </PageSection>
        <PageSection title="Appearance">
          <ThemeChoice />
        </PageSection>
      </div>
    </Page>
  );
}
