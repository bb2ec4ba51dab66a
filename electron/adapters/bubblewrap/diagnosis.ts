/** What is known about a machine on which bubblewrap did not work. */
export interface Evidence {
  /** What bubblewrap said. */
  readonly message: string;
  /** A kernel setting's value, null where there is none. */
  readonly sysctl: (name: string) => string | null;
  readonly isContainer: boolean;
  /** A filter of system calls is in force on the gateway itself. */
  readonly isFiltered: boolean;
}

export interface Diagnosis {
  readonly detail: string;
  readonly fix: string;
}

const keep = (setting: string): string => `sudo sysctl -w ${setting} && echo '${setting}' | sudo tee /etc/sysctl.d/60-gatehouse.conf`;

/** Names the cause and the one step that mends it. The first that fits wins, from the certain to the likely. */
export const diagnose = ({ message, sysctl, isContainer, isFiltered }: Evidence): Diagnosis => {
  if (sysctl('user/max_user_namespaces') === '0') {
    return { detail: 'user namespaces are switched off (user.max_user_namespaces = 0)', fix: keep('user.max_user_namespaces=15000') };
  }
  if (sysctl('kernel/unprivileged_userns_clone') === '0') {
    return {
      detail: 'user namespaces are for root only (kernel.unprivileged_userns_clone = 0)',
      fix: keep('kernel.unprivileged_userns_clone=1'),
    };
  }
  if (isContainer || isFiltered) {
    const what = isFiltered ? 'a filter of system calls on the gateway itself, as containers set one,' : 'the container';
    return {
      detail: `${what} does not let bubblewrap make namespaces: ${message}`,
      fix: 'run the gateway outside of the container, or start that with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
    };
  }
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return {
      detail: 'AppArmor keeps bubblewrap from making user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1)',
      fix: 'sudo apt-get install apparmor-profiles && sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict',
    };
  }
  if (/setuid|--disable-userns/i.test(message)) {
    return { detail: `bubblewrap is installed set-uid root: ${message}`, fix: 'sudo chmod u-s "$(command -v bwrap)"' };
  }
  return {
    detail: `bubblewrap could not set up a sandbox: ${message}`,
    fix: 'gatehouse doctor shows what was tried; check dmesg for denials by a security module',
  };
};

const installers: readonly (readonly [RegExp, string])[] = [
  [/\b(debian|ubuntu)\b/, 'sudo apt-get install bubblewrap'],
  [/\b(fedora|rhel|centos)\b/, 'sudo dnf install bubblewrap'],
  [/\barch\b/, 'sudo pacman -S bubblewrap'],
  [/\b(suse|opensuse)/, 'sudo zypper install bubblewrap'],
  [/\balpine\b/, 'sudo apk add bubblewrap'],
];

/** How to install bubblewrap here, from the text of /etc/os-release. */
export const installCommand = (osRelease: string): string => {
  const ids = osRelease
    .split('\n')
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .join(' ')
    .toLowerCase();
  return installers.find(([system]) => system.test(ids))?.[1] ?? 'install bubblewrap with your package manager';
};
