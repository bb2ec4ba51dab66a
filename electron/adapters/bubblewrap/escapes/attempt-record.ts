import type { SandboxAttempt } from '../../../../shared/domain/sandbox.ts';

/** What is attempted, in the order in which it is shown. The titles say what holds when the attempt fails. */
const titles = {
  command: 'An ordinary command runs and writes in its workspace',
  'write-outside': 'Nothing outside the workspace is written',
  'read-outside': 'Nothing beside the workspace is read',
  'read-keys': 'The home folder and its keys are not there',
  'read-data': 'The gateway’s own folders are not read',
  environment: 'The gateway’s environment is not seen',
  descriptors: 'No open file is inherited',
  loopback: 'No port of this machine is reached',
  'local-sockets': 'No Unix socket is opened: of the host, abstract, or in the workspace',
  processes: 'No process of the host is seen, signalled or traced',
  namespaces: 'No namespace is made and no capability held',
  'system-calls': 'The filter of system calls is in force',
  terminal: 'No text is pushed into a terminal',
  'planted-links': 'A link in the place of a workspace is not followed',
  survivors: 'What a command leaves running is gone when it ends',
} as const;

export type AttemptId = keyof typeof titles;

export interface AttemptRecord {
  /** The attempt got somewhere: `what` says where. */
  found(id: AttemptId, what: string): void;
  /** Takes what a sandboxed process told of itself. */
  read(output: string): void;
  list(): SandboxAttempt[];
}

const isAttempt = (id: string): id is AttemptId => Object.hasOwn(titles, id);

export const createAttemptRecord = (): AttemptRecord => {
  const findings = new Map<AttemptId, Set<string>>();
  const found = (id: AttemptId, what: string): void => {
    findings.set(id, (findings.get(id) ?? new Set()).add(what));
  };
  return {
    found,
    read(output) {
      for (const line of output.split('\n')) {
        const match = /^ESCAPE (\S+) (.+?)\r?$/.exec(line);
        if (match?.[1] !== undefined && match[2] !== undefined) found(isAttempt(match[1]) ? match[1] : 'command', match[2].slice(0, 300));
      }
    },
    list: () =>
      (Object.keys(titles) as AttemptId[]).map((id) => {
        const what = [...(findings.get(id) ?? [])];
        return { id, title: titles[id], ok: what.length === 0, detail: what.length === 0 ? 'it held' : what.slice(0, 5).join('; ') };
      }),
  };
};
