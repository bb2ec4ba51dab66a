import { afterEach, describe, expect, it } from 'vitest';
import { createScriptedModel, type ScriptedModel, type ScriptedTurn } from './scripted-model.ts';

const CALL_THEN_TEXT: readonly ScriptedTurn[] = [{ tool: /bash$/, arguments: { command: 'ls' } }, { text: 'done' }];

let model: ScriptedModel | undefined;
afterEach(async () => {
  await model?.stop();
  model = undefined;
});

const startModel = async (turns: readonly ScriptedTurn[] = CALL_THEN_TEXT): Promise<{ model: ScriptedModel; url: string }> => {
  model = createScriptedModel({ turns });
  return { model, url: await model.start() };
};

const post = async (url: string, body: unknown): Promise<string> =>
  (await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).text();

const anthropicTools = [{ name: 'Read' }, { name: 'mcp__gw__bash' }];
const user = { role: 'user', content: 'go' };

describe('createScriptedModel', () => {
  it('calls the matching tool over the Messages API, then ends with the text', async () => {
    const { model, url } = await startModel();
    const first = await post(`${url}/v1/messages?beta=true`, { stream: true, tools: anthropicTools, messages: [user] });
    expect(first).toContain('"type":"tool_use","id":"call_1","name":"mcp__gw__bash"');
    expect(first).toContain(JSON.stringify(JSON.stringify({ command: 'ls' })));
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'a.txt' }] }] };
    const second = await post(`${url}/v1/messages`, { tools: anthropicTools, messages: [user, result] });
    expect(JSON.parse(second)).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: 'done' }] });
    expect(model.toolResults()).toEqual(['a.txt']);
    expect(model.problems).toEqual([]);
  });

  it('finds a tool inside its namespace over the Responses API', async () => {
    const { model, url } = await startModel([{ tool: /^mcp__gw__bash$/, arguments: {} }, { text: 'done' }]);
    const tools = [{ type: 'web_search' }, { type: 'namespace', name: 'mcp__gw', tools: [{ type: 'function', name: 'bash' }] }];
    const first = await post(`${url}/v1/responses`, { stream: true, tools, input: [] });
    expect(first).toContain('"name":"bash","namespace":"mcp__gw"');
    const output = { type: 'function_call_output', call_id: 'call_1', output: 'denied' };
    expect(await post(`${url}/v1/responses`, { stream: true, tools, input: [output] })).toContain('"text":"done"');
    expect(model.toolResults()).toEqual(['denied']);
  });

  it('speaks Chat Completions', async () => {
    const { model, url } = await startModel();
    const tools = [{ type: 'function', function: { name: 'gw_bash' } }];
    const first = await post(`${url}/v1/chat/completions`, { stream: true, tools, messages: [user] });
    expect(first).toContain('"name":"gw_bash"');
    expect(first).toContain('"finish_reason":"tool_calls"');
    expect(first.endsWith('data: [DONE]\n\n')).toBe(true);
    const messages = [user, { role: 'assistant', content: null }, { role: 'tool', tool_call_id: 'call_1', content: 'a.txt' }];
    expect(await post(`${url}/v1/chat/completions`, { stream: true, tools, messages })).toContain('"finish_reason":"stop"');
    expect(model.toolResults()).toEqual(['a.txt']);
  });

  it('answers side requests and retries without moving the script on', async () => {
    const { model, url } = await startModel();
    const title = { stream: true, messages: [{ role: 'system', content: 'You are a title generator' }, user] };
    expect(await post(`${url}/v1/chat/completions`, title)).toContain('"content":"ok"');
    expect(JSON.parse(await post(`${url}/v1/messages/count_tokens`, { messages: [user] }))).toEqual({ input_tokens: 1 });
    expect((await fetch(`${url}/v1/models`)).status).toBe(200);
    const main = { stream: true, tools: anthropicTools, messages: [user] };
    const first = await post(`${url}/v1/messages`, main);
    expect(first).toContain('tool_use');
    expect(await post(`${url}/v1/messages`, main)).toBe(first);
    expect(model.requests.map((request) => request.side)).toEqual([true, true, true, false, false]);
  });

  it.each([
    ['no tool', [{ name: 'Read' }]],
    ['more than one tool', [{ name: 'bash' }, { name: 'gw_bash' }]],
  ])('reports a problem, and calls nothing, when %s matches', async (_case, tools) => {
    const { model, url } = await startModel();
    expect(await post(`${url}/v1/messages`, { stream: true, tools, messages: [user] })).not.toContain('tool_use');
    expect(model.problems).toEqual([expect.stringContaining('/bash$/')]);
  });

  it('reports a problem when the agent comes back after the last turn, or sends what is no model request', async () => {
    const { model, url } = await startModel([{ text: 'done' }]);
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'x' }] };
    await post(`${url}/v1/messages`, { tools: anthropicTools, messages: [result] });
    await post(`${url}/v1/messages`, { messages: 'nonsense' });
    expect(model.problems).toHaveLength(2);
  });
});
