import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createToolRegistry } from './registry.ts';
import type { ToolDefinition } from './tool.ts';

const tool = (over: Partial<Record<keyof ToolDefinition, unknown>> = {}): ToolDefinition =>
  ({
    name: 'look',
    title: 'Look',
    description: 'Looks.',
    scope: 'file:read',
    risk: 'low',
    arguments: z.strictObject({ path: z.string() }),
    resolve: async () => Promise.reject(new Error('not called')),
    ...over,
  }) as ToolDefinition;

describe('tool registry', () => {
  it('F32: knows a tool by its exact name and nothing else', () => {
    const registry = createToolRegistry([tool()]);
    expect(registry.get('look')?.title).toBe('Look');
    for (const name of ['constructor', '__proto__', 'toString', 'Look', 'look ', ' look', 'lo\u200bok', '', 'hasOwnProperty']) {
      expect(registry.get(name), name).toBeNull();
    }
    expect(() => registry.definitionHash('constructor')).toThrow('no tool');
  });

  it.each(['name', 'title', 'description', 'scope', 'risk', 'arguments', 'resolve'] as const)(
    'F32, F33: refuses to start with a tool without %s',
    (key) => {
      expect(() => createToolRegistry([tool({ [key]: undefined })])).toThrow('has no valid');
    },
  );

  it('F33: refuses an unknown risk or scope, an open schema, and two tools of one name', () => {
    expect(() => createToolRegistry([tool({ risk: 'tiny' })])).toThrow('risk');
    expect(() => createToolRegistry([tool({ scope: 'file:everything' })])).toThrow('scope');
    expect(() => createToolRegistry([tool({ arguments: z.object({ path: z.string() }) })])).toThrow('extra keys');
    expect(() => createToolRegistry([tool(), tool()])).toThrow('two tools');
  });

  it('hashes what is told of a tool: any word of it changes the hash', () => {
    const hash = createToolRegistry([tool()]).definitionHash('look');
    expect(createToolRegistry([tool()]).definitionHash('look')).toBe(hash);
    for (const over of [
      { description: 'Looks!' },
      { title: 'See' },
      { risk: 'high' },
      { scope: 'file:write' },
      { arguments: z.strictObject({}) },
    ]) {
      expect(createToolRegistry([tool(over)]).definitionHash('look')).not.toBe(hash);
    }
  });

  it('lists in the order of names', () => {
    expect(
      createToolRegistry([tool({ name: 'z' }), tool({ name: 'a' })])
        .list()
        .map((each) => each.name),
    ).toEqual(['a', 'z']);
  });
});
