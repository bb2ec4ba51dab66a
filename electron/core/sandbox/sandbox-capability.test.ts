import { describe, expect, it } from 'vitest';
import type { LayerStatus } from '../../../shared/domain/sandbox.ts';
import { confinementCapabilities } from './sandbox-capability.ts';

describe('what this machine enforces: layers', () => {
  it.each([
    ['overlay', 'pass'],
    ['fuse', 'warn'],
    ['copy', 'warn'],
    ['none', 'fail'],
  ] as const)('a layer by %s is a %s, with why there is none better', (kind, status) => {
    const layer: LayerStatus = { kind, detail: `${kind} is taken; overlay: refused`, fix: kind === 'overlay' ? null : 'allow it' };
    const [shown] = confinementCapabilities({ layer, limits: null });
    expect(shown).toEqual({
      id: 'layers',
      title: 'Changes land in a copy-on-write layer',
      status,
      evidence: layer.detail,
      fix: layer.fix,
    });
  });

  it('is unknown until it has been tried', () => {
    expect(confinementCapabilities({ layer: null, limits: null })[0]).toMatchObject({ status: 'unknown', fix: null });
  });
});
