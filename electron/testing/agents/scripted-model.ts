import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { anthropicMessages } from './anthropic-messages.ts';
import { closeNow, listenOnLoopback, readBody } from './loopback.ts';
import type { ModelApi, ModelReply, ModelRequest, OfferedTool, ToolResult } from './model-api.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';

/** One step of the script: call the offered tool whose name matches, or say a text (which ends an agent's run). */
export type ScriptedTurn = { readonly tool: RegExp; readonly arguments: Readonly<Record<string, unknown>> } | { readonly text: string };

/** One request that an agent sent, in the order of arrival. `side` requests (titles, token counts, warm-ups) are no part of the script. */
interface SeenModelRequest {
  readonly method: string;
  readonly path: string;
  readonly side: boolean;
  /** Names as offered; `namespace__name` where the API groups tools. */
  readonly offeredTools: readonly string[];
  readonly toolResults: readonly ToolResult[];
  readonly body: unknown;
}

export interface ScriptedModel {
  readonly requests: readonly SeenModelRequest[];
  /** Reasons why the script could not be followed; a test asserts that this stays empty. */
  readonly problems: readonly string[];
  /** What the tools told the agent, in order, as far as the agent passed it on to its model. */
  toolResults(): readonly string[];
  /** Starts on a free loopback port. @returns the base URL, without `/v1` */
  start(): Promise<string>;
  stop(): Promise<void>;
}

const APIS: readonly ModelApi[] = [anthropicMessages, openaiResponses, openaiChat];
const fullName = (tool: OfferedTool): string => (tool.namespace === undefined ? tool.name : `${tool.namespace}__${tool.name}`);
const isCall = (turn: ScriptedTurn): turn is Extract<ScriptedTurn, { tool: RegExp }> => 'tool' in turn;

const sendJson = (res: ServerResponse, status: number, body: unknown): void => {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};

/**
 * A model that follows a script, on a loopback port, behind the three model APIs that agent programs speak.
 * Stateless: which turn is next follows from the number of tool results in the request, so that retries and side requests
 * cannot move the script on, and several agents can share one model.
 */
export const createScriptedModel = ({ turns }: { readonly turns: readonly ScriptedTurn[] }): ScriptedModel => {
  const requests: SeenModelRequest[] = [];
  const problems: string[] = [];

  const nextReply = (request: ModelRequest): ModelReply => {
    const turn = turns[request.toolResults.length];
    if (turn === undefined) {
      problems.push(`the script has ${turns.length} turns, but the agent came back with ${request.toolResults.length} tool results`);
      return { kind: 'text', text: 'The script is over.' };
    }
    if (!isCall(turn)) return { kind: 'text', text: turn.text };
    const matches = request.tools.filter((offered) => turn.tool.test(fullName(offered)));
    const [tool] = matches;
    // Two matches are as bad as none: an agent's own `bash` beside the gateway's would run the command past the gateway.
    if (tool !== undefined && matches.length === 1)
      return { kind: 'call', callId: `call_${request.toolResults.length + 1}`, tool, arguments: turn.arguments };
    problems.push(`${matches.length} offered tools match ${String(turn.tool)}: ${request.tools.map(fullName).join(', ')}`);
    return { kind: 'text', text: 'The scripted tool is not offered, or not clearly.' };
  };

  const answer = (api: ModelApi, body: unknown, res: ServerResponse, seen: Pick<SeenModelRequest, 'method' | 'path'>): void => {
    const request = api.read(body);
    // Only an agent's own loop offers tools; its side requests (a conversation's title, say) have none to offer.
    const side = request.tools.length === 0;
    requests.push({ ...seen, side, offeredTools: request.tools.map(fullName), toolResults: request.toolResults, body });
    const reply: ModelReply = side ? { kind: 'text', text: 'ok' } : nextReply(request);
    if (!request.streaming) return sendJson(res, 200, api.document(reply));
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).end(api.stream(reply));
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const text = await readBody(req);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const seen = { method: req.method ?? '', path: (req.url ?? '').split('?')[0] ?? '' };
    const api = APIS.find((candidate) => candidate.path === seen.path);
    if (api !== undefined && req.method === 'POST') return answer(api, body, res, seen);
    requests.push({ ...seen, side: true, offeredTools: [], toolResults: [], body });
    if (seen.path === '/v1/messages/count_tokens') return sendJson(res, 200, { input_tokens: 1 });
    if (seen.path === '/v1/models') return sendJson(res, 200, { object: 'list', data: [{ id: 'scripted', object: 'model' }], models: [] });
    return sendJson(res, 404, { error: { type: 'not_found_error', message: 'not part of the script' } });
  };

  const server = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => {
      problems.push(`${req.method ?? ''} ${req.url ?? ''}: ${String(error)}`);
      sendJson(res, 500, { error: { type: 'api_error', message: 'the scripted model could not read the request' } });
    });
  });

  return {
    requests,
    problems,
    toolResults: () => (requests.findLast((request) => !request.side)?.toolResults ?? []).map((result) => result.text),
    start: async () => `http://127.0.0.1:${await listenOnLoopback(server)}`,
    stop: () => closeNow(server),
  };
};
