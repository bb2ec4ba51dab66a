import { existsSync } from 'node:fs';
import type { ClientKind, ConnectPlan, DetectedClient } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AgentClients } from '../../core/ports/machine.ts';
import { findProgram, versionOf } from './agent-programs.ts';
import { applyPlan } from './apply-plan.ts';
import { readConfigFile } from './config-file.ts';
import { makePlan } from './make-plan.ts';
import type { Places, Recipe } from './recipe.ts';
import { claudeCode } from './recipes/claude-code.ts';
import { codex } from './recipes/codex.ts';
import { cursor, vscode } from './recipes/editors.ts';
import { generic } from './recipes/generic.ts';
import { opencode } from './recipes/opencode.ts';
import { undoConnect } from './undo-connect.ts';

const FRESH_MS = 30_000;
const RECIPES: Readonly<Record<ClientKind, Recipe>> = { 'claude-code': claudeCode, codex, opencode, cursor, vscode, generic };

export interface AgentClientsDeps extends Places {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
}

type Installed = Pick<DetectedClient, 'found' | 'version'>;

/** The agent programs on this machine: found by their program or their folder, connected by editing their own configuration. */
export function createAgentClients(deps: AgentClientsDeps): AgentClients {
  let installed: { readonly at: number; readonly answer: Promise<ReadonlyMap<ClientKind, Installed>> } | null = null;
  const lookUp = (): Promise<ReadonlyMap<ClientKind, Installed>> => {
    const age = installed === null ? null : deps.now() - installed.at;
    // Starting every program for each glance at the list would be felt.
    if (installed === null || age === null || age < 0 || age >= FRESH_MS) installed = { at: deps.now(), answer: findInstalled(deps) };
    return installed.answer;
  };
  return {
    async detect(mcpUrl) {
      const found = await lookUp();
      return Object.values(RECIPES).map((recipe) => describe(recipe, deps, mcpUrl, found.get(recipe.kind)));
    },
    plan: async (kind, options) => makePlan(RECIPES[kind], deps, options, deps.now()),
    apply: async (plan: ConnectPlan, token) => applyPlan(RECIPES[plan.kind], deps, plan, token),
    undo: async (kind) => undoConnect(RECIPES[kind], deps),
  };
}

async function findInstalled(places: Places): Promise<ReadonlyMap<ClientKind, Installed>> {
  const look = async (recipe: Recipe): Promise<[ClientKind, Installed]> => {
    const program = findProgram(recipe.programs, places);
    if (program !== null) return [recipe.kind, { found: true, version: await versionOf(program, places) }];
    return [recipe.kind, { found: recipe.folders(places).some((folder) => existsSync(folder)), version: null }];
  };
  return new Map(await Promise.all(Object.values(RECIPES).map(look)));
}

function describe(recipe: Recipe, places: Places, mcpUrl: string, installed: Installed | undefined): DetectedClient {
  const head = {
    kind: recipe.kind,
    title: recipe.title,
    found: false,
    version: null,
    ...installed,
    config_path: recipe.configPath(places),
  };
  try {
    return { ...head, ...recipe.inspect(places, mcpUrl, (path) => readConfigFile(path).text), note: recipe.note };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof AppError)) throw error;
    return { ...head, connected: false, own_tools: 'unknown', note: `Its configuration cannot be read: ${error.message}` };
  }
}
