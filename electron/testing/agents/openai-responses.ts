import { z } from 'zod';
import { sse, type ModelApi, type ModelReply, type OfferedTool } from './model-api.ts';

const FunctionTool = z.object({ type: z.literal('function'), name: z.string() });
const NamespaceTool = z.object({ type: z.literal('namespace'), name: z.string(), tools: z.array(z.unknown()) });
const CallOutput = z.object({ type: z.literal('function_call_output'), call_id: z.string(), output: z.unknown() });
const Body = z.object({ stream: z.boolean().optional(), tools: z.array(z.unknown()).optional(), input: z.array(z.unknown()) });

const toolsIn = (tools: readonly unknown[], namespace?: string): OfferedTool[] =>
  tools.flatMap((tool) => {
    const group = NamespaceTool.safeParse(tool).data;
    if (group) return toolsIn(group.tools, group.name);
    const single = FunctionTool.safeParse(tool).data;
    return single ? [{ name: single.name, ...(namespace === undefined ? {} : { namespace }) }] : [];
  });

const OutputParts = z.array(z.object({ text: z.string().default('') }));
const outputText = (output: unknown): string =>
  typeof output === 'string' ? output : (OutputParts.safeParse(output).data ?? []).map((part) => part.text).join('');

const outputItem = (reply: ModelReply): Record<string, unknown> =>
  reply.kind === 'text'
    ? {
        type: 'message',
        id: 'msg_scripted',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: reply.text, annotations: [] }],
      }
    : {
        type: 'function_call',
        id: `fc_${reply.callId}`,
        call_id: reply.callId,
        status: 'completed',
        name: reply.tool.name,
        ...(reply.tool.namespace === undefined ? {} : { namespace: reply.tool.namespace }),
        arguments: JSON.stringify(reply.arguments),
      };

const usage = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 1,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 2,
};

const response = (reply: ModelReply): Record<string, unknown> => ({
  id: 'resp_scripted',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'scripted',
  output: [outputItem(reply)],
  usage,
});

/** OpenAI's Responses API, as Codex speaks it. */
export const openaiResponses: ModelApi = {
  path: '/v1/responses',
  read: (input) => {
    const body = Body.parse(input);
    return {
      tools: toolsIn(body.tools ?? []),
      toolResults: body.input.flatMap((item) => {
        const output = CallOutput.safeParse(item).data;
        return output ? [{ callId: output.call_id, text: outputText(output.output) }] : [];
      }),
      streaming: body.stream === true,
    };
  },
  stream: (reply) =>
    [
      { type: 'response.created', response: { ...response(reply), status: 'in_progress', output: [], usage: null } },
      { type: 'response.output_item.added', output_index: 0, item: { ...outputItem(reply), status: 'in_progress' } },
      { type: 'response.output_item.done', output_index: 0, item: outputItem(reply) },
      { type: 'response.completed', response: response(reply) },
    ]
      .map((event, sequence) => sse({ ...event, sequence_number: sequence }, event.type))
      .join(''),
  document: response,
};
