import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

export interface PortHolder {
  readonly pid: number;
  readonly program: string;
}

/** The kernel's number for a socket that listens. */
const listening = '0A';

/** The program that listens on a TCP port of this machine, from /proc; null when it cannot be told (another user's, or not Linux). */
export function findPortHolder(port: number): PortHolder | null {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeners(table, port)));
  if (inodes.size === 0) return null;
  const pid = list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => list(`/proc/${name}/fd`).some((fd) => inodes.has(inodeOf(`/proc/${name}/fd/${fd}`))));
  return pid === undefined ? null : { pid: Number(pid), program: programOf(pid) };
}

/** Its name as it was started; `comm` is a thread's name, which Node sets to `MainThread`. Untrusted text. */
function programOf(pid: string): string {
  const [first = ''] = read(`/proc/${pid}/cmdline`).split('\0');
  return basename(first) || read(`/proc/${pid}/comm`).trim();
}

function listeners(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) === true && columns[3] === listening)
    .map((columns) => columns[9] ?? '');
}

function inodeOf(descriptor: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor))?.[1] ?? '';
  } catch {
    return '';
  }
}

// What is gone by now, or another user's, is not the answer.
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
