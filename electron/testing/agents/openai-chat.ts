import { z } from 'zod';
import { sse, type ModelApi, type ModelReply } from './model-api.ts';

const Message = z.object({ role: z.string(), content: z.unknown(), tool_call_id: z.string().optional() });
const Body = z.object({
  stream: z.boolean().optional(),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).optional(),
  messages: z.array(Message),
});

const Parts = z.array(z.object({ text: z.string().default('') }));
const messageText = (content: unknown): string =>
  typeof content === 'string' ? content : (Parts.safeParse(content).data ?? []).map((part) => part.text).join('');

const envelope = (object: string): Record<string, unknown> => ({ id: 'chatcmpl-scripted', object, created: 1, model: 'scripted' });
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

const assistantMessage = (reply: ModelReply): Record<string, unknown> =>
  reply.kind === 'text'
    ? { role: 'assistant', content: reply.text }
    : {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            index: 0,
            id: reply.callId,
            type: 'function',
            function: { name: reply.tool.name, arguments: JSON.stringify(reply.arguments) },
          },
        ],
      };

const finishReason = (reply: ModelReply): string => (reply.kind === 'text' ? 'stop' : 'tool_calls');

/** OpenAI's Chat Completions API, as opencode speaks it through `@ai-sdk/openai-compatible`. */
export const openaiChat: ModelApi = {
  path: '/v1/chat/completions',
  read: (input) => {
    const body = Body.parse(input);
    return {
      tools: (body.tools ?? []).map((tool) => ({ name: tool.function.name })),
      toolResults: body.messages
        .filter((message) => message.role === 'tool')
        .map((message) => ({ callId: message.tool_call_id ?? '', text: messageText(message.content) })),
      streaming: body.stream === true,
    };
  },
  stream: (reply) =>
    [
      sse({ ...envelope('chat.completion.chunk'), choices: [{ index: 0, delta: assistantMessage(reply), finish_reason: null }] }),
      sse({ ...envelope('chat.completion.chunk'), choices: [{ index: 0, delta: {}, finish_reason: finishReason(reply) }], usage }),
      sse('[DONE]'),
    ].join(''),
  document: (reply) => ({
    ...envelope('chat.completion'),
    choices: [{ index: 0, message: assistantMessage(reply), finish_reason: finishReason(reply) }],
    usage,
  }),
};
