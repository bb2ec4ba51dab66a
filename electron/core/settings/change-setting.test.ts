import { expect, it } from 'vitest';
import { Settings } from '../../../shared/domain/settings.ts';
import { changeSetting } from './change-setting.ts';

it('F55: off needs to be acknowledged first, and the refusal says how', () => {
  const shipped = Settings.parse({});
  expect(shipped.safety.bash_sandbox).toBe('auto');
  expect(() => changeSetting(shipped, 'safety.bash_sandbox', 'off')).toThrow(/config set safety\.bash_sandbox_off_acknowledged true/);
  const { settings } = changeSetting(shipped, 'safety.bash_sandbox_off_acknowledged', true);
  expect(changeSetting(settings, 'safety.bash_sandbox', 'off').after).toBe('off');
});

it('F55: what is off stays acknowledged, and a file that is not so is refused', () => {
  const off = Settings.parse({ safety: { bash_sandbox: 'off', bash_sandbox_off_acknowledged: true } });
  expect(() => changeSetting(off, 'safety.bash_sandbox_off_acknowledged', false)).toThrow(/without any isolation/);
  expect(changeSetting(off, 'safety.bash_sandbox', 'always').after).toBe('always');
  expect(Settings.safeParse({ safety: { bash_sandbox: 'off' } }).success).toBe(false);
  expect(Settings.safeParse({ safety: { bash_sandbox: 'none' } }).success).toBe(false);
});
