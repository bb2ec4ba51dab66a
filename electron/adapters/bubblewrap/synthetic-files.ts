import { sandboxHome } from '../../core/sandbox/sandbox-home.ts';

/** Who commands are: the operator, by number, and by name and address in what git records. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly gitName: string | null;
  readonly gitEmail: string | null;
}

/** Files of ours in place of the host's /etc: names for the two users there are, no host but this one, and of git's settings only who commits. */
export const syntheticFiles = ({
  uid,
  gid,
  gitName,
  gitEmail,
}: Identity): readonly { readonly name: string; readonly content: string }[] => {
  const root = uid === 0 ? '' : 'root:x:0:0:root:/nonexistent:/bin/false\n';
  const rootGroup = gid === 0 ? '' : 'root:x:0:\n';
  return [
    {
      name: 'passwd',
      content: `${root}sandbox:x:${uid}:${gid}:sandbox:${sandboxHome}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    },
    { name: 'group', content: `${rootGroup}sandbox:x:${gid}:\nnogroup:x:65534:\n` },
    { name: 'hosts', content: '127.0.0.1 localhost sandbox\n::1 localhost\n' },
    { name: 'nsswitch.conf', content: 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n' },
    { name: 'gitconfig', content: gitConfig(gitName, gitEmail) },
  ];
};

/** What a repository's own settings may do, it does to the sandbox alone: whose they are is no matter there. */
const gitConfig = (name: string | null, email: string | null): string => {
  const line = (key: string, value: string | null): string => (value === null ? '' : `\t${key} = ${quoted(value)}\n`);
  return `[user]\n${line('name', name)}${line('email', email)}[safe]\n\tdirectory = *\n`;
};

const quoted = (value: string): string => `"${value.replace(/\p{Cc}/gu, ' ').replace(/[\\"]/g, '\\$&')}"`;
