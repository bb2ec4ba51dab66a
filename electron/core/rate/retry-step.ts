/** What an agent is told when it came too soon. */
export function retryStep(retryAfterMs: number): string {
  return `Nothing was queued. Call again in ${Math.ceil(retryAfterMs / 1000).toString()} s.`;
}
