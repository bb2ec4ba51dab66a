import type { Scope } from '../../../shared/domain/identity.ts';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';

/** More than this many count as `*`: any host. */
const MOST_HOSTS = 200;
/** Characters looked at in all; a longer text may name any host. */
const MOST_CHARACTERS = 1_000_000;

/** Schemes that programs also take with one slash or none. */
const LINK = /(?:https?|wss?|ftps?):[\\/]{0,8}[^\s/?#"'`<>|;]+|[a-z][a-z0-9+.-]{0,30}:[\\/]{2,8}[^\s/?#"'`<>|;]+/gi;
/** `git@host:path`, as git, scp and rsync take it. */
const REMOTE = /(?:^|[\s"'=])[A-Za-z0-9._-]{1,64}@([A-Za-z0-9._-]{1,253}):/g;

/**
 * The hosts that a call's arguments name: of links anywhere in them, and of `user@host:path`. What a file is given as its content goes nowhere, so
 * tools of files name none.
 *
 * It is what the arguments say, not a fence: a command can build a name while it runs. The fence is the sandbox's own list, which
 * `Policy.withReach` adds.
 */
export function callHosts(scope: Scope, args: JsonObject): readonly string[] {
  if (scope.startsWith('file:')) return [];
  const found = new Set<string>();
  let left = MOST_CHARACTERS;
  const look = (value: JsonValue): void => {
    if (typeof value === 'string') {
      left -= value.length;
      if (left >= 0) for (const host of hostsIn(value)) found.add(host);
    } else if (value !== null && typeof value === 'object') for (const one of Object.values(value)) look(one);
  };
  look(args);
  // SECURITY: what was not looked at may name any host.
  return left < 0 || found.size > MOST_HOSTS ? ['*'] : [...found];
}

function hostsIn(text: string): string[] {
  if (!/[:@]/.test(text)) return [];
  const links = Array.from(text.matchAll(LINK), ([link]) => link);
  const remotes = Array.from(text.matchAll(REMOTE), ([, host]) => host ?? '');
  return [...links.flatMap(hostsOfLink), ...remotes.map(normalHost)].filter((host) => host !== '');
}

/** SECURITY: programs differ on where the host of `https://a\@b` ends, so each reading counts. */
function hostsOfLink(link: string): string[] {
  const colon = link.indexOf(':');
  const authority = link.slice(colon + 1).replace(/^[\\/]+/, '');
  const readings = [authority.split(/[/?#]/, 1)[0] ?? '', authority.split(/[\\/?#]/, 1)[0] ?? ''];
  const texts = readings.flatMap((reading) => [reading, reading.slice(reading.lastIndexOf('@') + 1)]);
  return [...new Set(texts.flatMap((each) => parsedHost(each)))];
}

/** By the rules of the web: percent signs are read, names become punycode, and 0x7f.1 becomes an address. */
function parsedHost(text: string): string[] {
  try {
    return [normalHost(new URL(`http://${text}`).hostname)];
  } catch {
    return [];
  }
}

const normalHost = (host: string) =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.+$/, '');
