import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyProblem } from '../../../shared/domain/policy.ts';
import { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import { sha256Hex } from '../canonical-json.ts';
import { readYamlDocument } from '../yaml/yaml-document.ts';

/** What is wrong with a profile's file; the profile does not exist until it is mended. */
export interface ProfileProblem extends PolicyProblem {
  readonly file: string;
}

/** The named sandboxes that a policy rule can choose. */
export interface SandboxProfiles {
  /** Null when no file, or only a broken one, describes it: what names it is refused. */
  get(name: string): SandboxProfile | null;
  list(): readonly SandboxProfile[];
  problems(): readonly ProfileProblem[];
  /** Reads the files and puts them in force. */
  start(): Promise<void>;
  /** Reads the files afresh, and puts nothing in force yet. */
  read(): Promise<FoundProfiles>;
}

/** What the files say now. */
export interface FoundProfiles {
  /** Of each file beside the shipped ones, the first digits of its hash; `broken` for one that cannot be used. */
  readonly versions: Readonly<Record<string, string>>;
  readonly problems: readonly ProfileProblem[];
  /** Puts them in force. A broken one leaves what was in force by its name. */
  apply(): void;
}

export interface SandboxProfilesDeps {
  /** Folders of `<name>.yaml`, the shipped one first; a later folder's file replaces an earlier one's of the same name. Missing ones are empty. */
  readonly folders: readonly string[];
}

interface ReadProfile {
  readonly name: string;
  readonly version: string;
  /** Null when it is broken. */
  readonly profile: SandboxProfile | null;
  readonly problems: readonly ProfileProblem[];
}

const suffix = '.yaml';

/** Profiles read from files. One bad file costs its own profile only, also where it was to replace a good one. */
export const createSandboxProfiles = ({ folders }: SandboxProfilesDeps): SandboxProfiles => {
  let byName: ReadonlyMap<string, SandboxProfile> = new Map();
  let problems: readonly ProfileProblem[] = [];
  const read = async (): Promise<FoundProfiles> => {
    const byFolder = await Promise.all(folders.map(readProfiles));
    const found = byFolder.flat();
    const own = byFolder.slice(1).flat();
    return {
      versions: Object.fromEntries(own.map(({ name, version }) => [name, version] as const)),
      problems: found.flatMap((each) => each.problems),
      apply() {
        const last = new Map(found.map((each) => [each.name, each.profile] as const));
        // SECURITY: a file that broke is neither nothing nor the shipped one, which may let more through: the last good one stays.
        byName = new Map(
          [...last].flatMap(([name, profile]) => {
            const kept = profile ?? byName.get(name);
            return kept === undefined ? [] : [[name, kept] as const];
          }),
        );
        problems = found.flatMap((each) => each.problems);
      },
    };
  };
  return {
    get: (name) => byName.get(name) ?? null,
    list: () => [...byName.values()],
    problems: () => problems,
    async start() {
      (await read()).apply();
    },
    read,
  };
};

const readProfiles = async (folder: string): Promise<readonly ReadProfile[]> => {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith(suffix)).sort();
  return Promise.all(files.map(async (name) => readProfile(join(folder, name), name.slice(0, -suffix.length))));
};

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const readProfile = async (file: string, name: string): Promise<ReadProfile> => {
  const broken = (problems: readonly PolicyProblem[]): ReadProfile => ({
    name,
    version: 'broken',
    profile: null,
    problems: problems.map((problem) => ({ ...problem, file })),
  });
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return broken([{ line: null, column: null, path: '', message: 'the file could not be read' }]);
  const document = readYamlDocument(text, SandboxProfile, '`name:` and `description:`');
  const profile = document.file;
  if (profile === null) return broken(document.problems);
  const found = complaints(profile, name).map(([key, message]) => document.problemAt([key], message));
  return found.length > 0 ? broken(found) : { name, version: profileVersion(text), profile, problems: [] };
};

/** A name for a profile's text. */
const profileVersion = (text: string): string => sha256Hex(text).slice(0, 12);

/** What the schema cannot say. */
const complaints = (profile: SandboxProfile, fileName: string): readonly (readonly [keyof SandboxProfile, string])[] => {
  const { name, workspace, network, local_sockets } = profile;
  // SECURITY: rules and the gateway itself rely on these two meaning what they say; what allows more has a name of its own.
  const isRelied = name === 'default' || name === 'read-only';
  return [
    ...(name === fileName ? [] : [['name', `the file is called ${fileName}${suffix}, so the profile is \`${fileName}\``] as const]),
    ...(name === 'read-only' && workspace !== 'read' ? [['workspace', '`read-only` cannot write; use another name'] as const] : []),
    ...(isRelied && network !== 'none' ? [['network', `\`${name}\` has no network; use another name`] as const] : []),
    ...(isRelied && local_sockets ? [['local_sockets', `\`${name}\` opens no Unix sockets; use another name`] as const] : []),
  ];
};
