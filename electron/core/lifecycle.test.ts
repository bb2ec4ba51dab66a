import { describe, expect, it } from 'vitest';
import { createLifecycle, type Stage } from './lifecycle.ts';

describe('the lifecycle', () => {
  const told: string[] = [];
  const stage = (name: string, extra: Partial<Stage> = {}): Stage => ({
    name,
    start: () => void told.push(`+${name}`),
    stop: () => void told.push(`-${name}`),
    ...extra,
  });

  it('starts in order and stops in reverse, once', async () => {
    told.length = 0;
    const lifecycle = createLifecycle([stage('a'), stage('b')], () => undefined);
    await lifecycle.start();
    await lifecycle.stop();
    await lifecycle.stop();
    expect(told).toEqual(['+a', '+b', '-b', '-a']);
  });

  it('stops what had been started when a stage fails, and throws its error', async () => {
    told.length = 0;
    const failing = stage('b', { start: () => Promise.reject(new Error('no')) });
    await expect(createLifecycle([stage('a'), failing, stage('c')], () => undefined).start()).rejects.toThrow('no');
    expect(told).toEqual(['+a', '-a']);
  });

  it('stopped while starting: finishes the stage under way, starts no other, and undoes everything', async () => {
    told.length = 0;
    let release = (): void => undefined;
    const slow = stage('a', {
      start: async () => {
        await new Promise<void>((resolve) => (release = resolve));
        told.push('+a');
      },
    });
    const lifecycle = createLifecycle([slow, stage('b')], () => undefined);
    const starting = lifecycle.start();
    const stopping = lifecycle.stop();
    release();
    await expect(starting).rejects.toMatchObject({ code: 'unavailable' });
    await stopping;
    expect(told).toEqual(['+a', '-a']);
  });

  it('a stage that fails to stop is reported and keeps no other from stopping', async () => {
    told.length = 0;
    const failed: string[] = [];
    const lifecycle = createLifecycle([stage('a'), stage('b', { stop: () => Promise.reject(new Error('no')) })], (name) =>
      failed.push(name),
    );
    await lifecycle.start();
    await lifecycle.stop();
    expect(failed).toEqual(['b']);
    expect(told).toEqual(['+a', '+b', '-a']);
  });
});
