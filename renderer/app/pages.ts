import { Activity, FileDiff, FileText, Home, KeyRound, ListChecks, ScrollText, Settings as SettingsIcon } from 'lucide-react';

/** The pages of the main window, in the order of the rail. Only those which exist. */
export const pages = [
  { path: '/', title: 'Home', icon: Home },
  { path: '/approvals', title: 'Approvals', icon: ListChecks },
  { path: '/activity', title: 'Activity', icon: Activity },
  { path: '/changes', title: 'Changes', icon: FileDiff },
  { path: '/audit', title: 'Audit', icon: ScrollText },
  { path: '/agents', title: 'Agents', icon: KeyRound },
  { path: '/policy', title: 'Policy', icon: FileText },
  { path: '/settings', title: 'Settings', icon: SettingsIcon },
] as const;
