import type { Risk } from '../../../shared/domain/identity.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import { createPromptPace } from './prompt-pace.ts';
import type { RefusalLog, RefusedCall } from './refusal-log.ts';
import { createTokenBuckets, type BucketSize } from './token-buckets.ts';

/** Operations on targets, by risk (F93). */
const operations: Readonly<Record<Risk, BucketSize>> = {
  critical: { perMinute: 5, burst: 2 },
  high: { perMinute: 10, burst: 3 },
  moderate: { perMinute: 20, burst: 5 },
  low: { perMinute: 100, burst: 10 },
};

/** Names that no tool has share one bucket, whatever they are. */
const unknownTool = '(unknown)';

/** What a limit is about. */
export type Paced = Pick<RefusedCall, 'agent' | 'token_id' | 'tool'>;

/** A call, or a question to the operator, that came too soon; it is already counted in the log. */
export interface TooSoon {
  readonly reason: string;
  readonly retryAfterMs: number;
}

/**
 * How often an agent may call (F93): operations on targets by their risk, bash and file tools by a limit of their own that ordinary work does not
 * reach, questions to the operator by another. Nothing is queued, and each agent has its own buckets. In memory: a restart begins with full ones.
 */
export interface Rates {
  /** `tool`: null for a name that no tool has. */
  checkCall(paced: Paced, tool: Pick<ToolDefinition, 'risk' | 'targetOf'> | null): TooSoon | null;
  /** Before the operator is asked. */
  checkPrompt(paced: Paced): TooSoon | null;
}

export interface RatesDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly limits: () => Settings['limits'];
  readonly refusals: Pick<RefusalLog, 'count'>;
}

export function createRates({ clock, limits, refusals }: RatesDeps): Rates {
  const monotonic = (): number => clock.monotonic();
  const buckets = createTokenBuckets({ monotonic });
  const prompts = createPromptPace({ monotonic });

  function refuse(paced: Paced, limit: string, retryAfterMs: number): TooSoon {
    refusals.count({ ...paced, type: 'rate.limited', limit });
    return { reason: `Too often: ${limit}.`, retryAfterMs };
  }

  return {
    checkCall({ agent, token_id, tool: name }, tool) {
      const key = tool === null ? unknownTool : name;
      const isOperation = tool?.targetOf !== undefined;
      const { commands_per_s: perSecond, commands_burst: burst } = limits();
      const size = isOperation ? operations[tool.risk] : { perMinute: perSecond * 60, burst };
      const retryAfterMs = buckets.take(JSON.stringify([agent, key]), size);
      if (retryAfterMs === 0) return null;
      const pace = isOperation ? `${size.perMinute.toString()} calls a minute` : `${perSecond.toString()} calls a second`;
      return refuse(
        { agent, token_id, tool: key },
        `an agent may make ${pace} of this tool, ${size.burst.toString()} at once`,
        retryAfterMs,
      );
    },

    checkPrompt(paced) {
      const most = limits().prompts_per_min;
      const retryAfterMs = prompts.take(paced.agent, most);
      if (retryAfterMs === 0) return null;
      return refuse(paced, `an agent may ask the operator ${most.toString()} times a minute`, retryAfterMs);
    },
  };
}
