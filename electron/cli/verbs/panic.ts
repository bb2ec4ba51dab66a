import { shown, type Output } from '../output.ts';
import type { Host } from '../host.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb } from '../verb.ts';

/** Stops everything, and lets go again. */
export const panicVerb: Verb = {
  name: 'panic',
  about: 'stop everything: kill what runs, end requests and grants, take no call until `panic release`',
  words: ['[release]'],
  options: {},
  async run({ words, out, host }) {
    const [word] = words;
    if (word === null || word === undefined) await stop(host, out);
    else if (word === 'release') await release(host, out);
    else throw new UsageError('Say `gatehouse panic` to stop everything, or `gatehouse panic release` to take calls again.');
    return 0;
  },
};

async function stop(host: Host, out: Output): Promise<void> {
  const stopped = await host.invoke('panic.trigger', {});
  const { calls, jobs, requests, grants, since } = stopped;
  const ended = `${calls.toString()} calls, ${jobs.toString()} jobs, ${requests.toString()} requests, ${grants.toString()} grants`;
  out.document(stopped, () => shown(`Everything is stopped since ${since}. Ended: ${ended}. To take calls again: gatehouse panic release`));
}

async function release(host: Host, out: Output): Promise<void> {
  const released = await host.invoke('panic.release', {});
  out.document(released, () => shown(`Calls are taken again. Everything was stopped since ${released.since}.`));
}
