import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Capability } from '../../../shared/domain/host.ts';

const TITLE = 'The runtime is current and official';
/** The oldest Node that still gets security fixes (20 ended in April 2026). */
const OLDEST_NODE = 22;

/** What scripts/electron.mjs writes down about the Electron that it found. */
const RuntimeRecord = z.object({ version: z.string(), official: z.boolean(), wanted: z.string() });

export interface RuntimeProbeOptions {
  /** `.cache/electron/runtime.json` of a checkout; null in a package, which is only ever built with the official Electron. */
  readonly record: string | null;
  readonly versions: { readonly node?: string | undefined; readonly electron?: string | undefined };
}

/** Which Electron and Node this is, and whether they are the ones that the product ships on. */
export async function probeRuntime(options: RuntimeProbeOptions): Promise<Capability> {
  const { node = 'unknown', electron } = options.versions;
  const judgement = electron === undefined ? judgeNode(node) : await judgeElectron(electron, node, options.record);
  return { id: 'runtime', title: TITLE, ...judgement };
}

type Judgement = Pick<Capability, 'status' | 'evidence' | 'fix'>;

function judgeNode(node: string): Judgement {
  if (Number.parseInt(node, 10) >= OLDEST_NODE) return { status: 'pass', evidence: `Headless, on Node ${node}.`, fix: null };
  return {
    status: 'warn',
    evidence: `Headless, on Node ${node}, which gets no security fixes any more.`,
    fix: 'Start it with "npm run -s gatehouse -- serve", which brings its own Node.',
  };
}

async function judgeElectron(electron: string, node: string, record: string | null): Promise<Judgement> {
  const running = `Electron ${electron} with Node ${node}`;
  if (record === null) return { status: 'pass', evidence: `${running}, as packaged.`, fix: null };
  const found = await readRecord(record);
  if (found === null) {
    return {
      status: 'unknown',
      evidence: `${running}; where it came from is not on record.`,
      fix: 'Start it with "npm start", which records it.',
    };
  }
  if (found.official && found.version === electron) return { status: 'pass', evidence: `${running}, the official build.`, fix: null };
  return {
    status: 'fail',
    evidence: `${running}: a stand-in for development, because Electron ${found.wanted} could not be downloaded. It lacks years of security fixes.`,
    fix: 'Connect this machine to the release server of Electron, delete .cache/electron and run "npm start".',
  };
}

async function readRecord(path: string): Promise<z.infer<typeof RuntimeRecord> | null> {
  try {
    return RuntimeRecord.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
