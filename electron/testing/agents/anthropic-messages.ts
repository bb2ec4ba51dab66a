import { z } from 'zod';
import { sse, type ModelApi, type ModelReply, type ToolResult } from './model-api.ts';

const TextBlock = z.object({ type: z.literal('text'), text: z.string() });
const ToolResultBlock = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.unknown())]).optional(),
});
const Body = z.object({
  stream: z.boolean().optional(),
  tools: z.array(z.object({ name: z.string() })).optional(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(z.unknown())]) })),
});

const blockText = (content: string | unknown[] | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).map((part) => TextBlock.safeParse(part).data?.text ?? '').join('');

const resultsIn = (content: string | unknown[]): ToolResult[] =>
  (typeof content === 'string' ? [] : content).flatMap((part) => {
    const block = ToolResultBlock.safeParse(part).data;
    return block ? [{ callId: block.tool_use_id, text: blockText(block.content) }] : [];
  });

const envelope = {
  id: 'msg_scripted',
  type: 'message',
  role: 'assistant',
  model: 'scripted',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

const contentBlock = (reply: ModelReply): Record<string, unknown> =>
  reply.kind === 'text'
    ? { type: 'text', text: reply.text }
    : { type: 'tool_use', id: reply.callId, name: reply.tool.name, input: reply.arguments };

const opening = (reply: ModelReply): Record<string, unknown> =>
  reply.kind === 'text' ? { type: 'text', text: '' } : { type: 'tool_use', id: reply.callId, name: reply.tool.name, input: {} };

const delta = (reply: ModelReply): Record<string, unknown> =>
  reply.kind === 'text'
    ? { type: 'text_delta', text: reply.text }
    : { type: 'input_json_delta', partial_json: JSON.stringify(reply.arguments) };

const stopReason = (reply: ModelReply): string => (reply.kind === 'text' ? 'end_turn' : 'tool_use');

/** Anthropic's Messages API, as Claude Code speaks it. */
export const anthropicMessages: ModelApi = {
  path: '/v1/messages',
  read: (input) => {
    const body = Body.parse(input);
    return {
      tools: (body.tools ?? []).map(({ name }) => ({ name })),
      toolResults: body.messages.flatMap((message) => resultsIn(message.content)),
      streaming: body.stream === true,
    };
  },
  stream: (reply) =>
    [
      { type: 'message_start', message: { ...envelope, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: opening(reply) },
      { type: 'content_block_delta', index: 0, delta: delta(reply) },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: stopReason(reply), stop_sequence: null }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ]
      .map((event) => sse(event, event.type))
      .join(''),
  document: (reply) => ({ ...envelope, content: [contentBlock(reply)], stop_reason: stopReason(reply) }),
};
