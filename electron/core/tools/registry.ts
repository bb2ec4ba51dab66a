import { z } from 'zod';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import { Risk, Scope, type Digest } from '../../../shared/domain/identity.ts';
import { JsonObject } from '../../../shared/json.ts';
import type { ToolDefinition } from './tool.ts';

/** The tools there are. Fixed when the gateway starts. */
export interface ToolRegistry {
  /** Null for an unknown name, whatever it is: `constructor`, ` bash`, `BASH`. */
  get(name: string): ToolDefinition | null;
  /** In the order of their names. */
  list(): readonly ToolDefinition[];
  /** SHA-256 over what an agent and the operator are told of the tool. Errors: throws for an unknown name. */
  definitionHash(name: string): Digest;
}

interface Entry {
  readonly definition: ToolDefinition;
  readonly hash: Digest;
}

/** Errors: throws, so that the gateway does not start, for a tool without name, title, description, scope, risk, strict schema or handler, and for a name used twice. */
export const createToolRegistry = (definitions: readonly ToolDefinition[]): ToolRegistry => {
  // A Map, not an object: `constructor` and `__proto__` are names like any other.
  const entries = new Map<string, Entry>();
  for (const definition of definitions) {
    const entry = checked(definition);
    if (entries.has(definition.name)) throw new Error(`two tools are called ${definition.name}`);
    entries.set(definition.name, entry);
  }
  const list = [...entries.values()].map((entry) => entry.definition).sort((a, b) => (a.name < b.name ? -1 : 1));
  const known = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`there is no tool called ${name}`);
    return entry;
  };
  return {
    get: (name) => entries.get(name)?.definition ?? null,
    list: () => list,
    definitionHash: (name) => known(name).hash,
  };
};

/** What a type promises is checked here, because a definition may one day come from data. */
const checked = (definition: ToolDefinition): Entry => {
  const { name, title, description, scope, risk } = definition;
  const incomplete = (what: string): Error => new Error(`the tool ${name} has no valid ${what}`);
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,63}$/.test(name)) throw incomplete('name');
  if (typeof title !== 'string' || title === '') throw incomplete('title');
  if (typeof description !== 'string' || description === '') throw incomplete('description');
  if (!Scope.safeParse(scope).success) throw incomplete('scope');
  if (!Risk.safeParse(risk).success) throw incomplete('risk');
  if (typeof definition.resolve !== 'function') throw incomplete('handler');
  if (!((definition.arguments as unknown) instanceof z.ZodObject)) throw incomplete('schema');
  const schema = JsonObject.parse(z.toJSONSchema(definition.arguments, { io: 'input' }));
  if (schema['additionalProperties'] !== false) throw new Error(`the schema of the tool ${name} lets extra keys in`);
  return { definition, hash: sha256Hex(canonicalJson({ name, title, description, scope, risk, schema })) };
};
