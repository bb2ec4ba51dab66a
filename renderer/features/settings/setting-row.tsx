import { useState, type ReactNode } from 'react';
import type { JsonValue } from '../../../shared/json.ts';
import { count } from '../../lib/format.ts';
import { useCommand } from '../../lib/operations.ts';
import { readSetting, settingText, type SettingKey } from '../../lib/settings-keys.ts';
import { Button } from '../../ui/button.tsx';
import { Field, Select, TextInput } from '../../ui/field.tsx';

function limitsOf(setting: SettingKey): string {
  if (setting.kind === 'list') return 'One a line.';
  if (setting.kind === 'choice') return `Shipped as ${settingText(setting.fallback)}.`;
  if (setting.least === null || setting.most === null) return '';
  return `${count(setting.least)} to ${count(setting.most)}; shipped as ${settingText(setting.fallback)}.`;
}

/** One setting: what it means, its value, and what changing it did. */
export function SettingRow({ setting, value }: { readonly setting: SettingKey; readonly value: JsonValue | undefined }): ReactNode {
  const stored = settingText(value);
  const [edited, setEdited] = useState<string | null>(null);
  const save = useCommand('config.set');
  const text = edited ?? stored;
  const next = readSetting(setting, text);
  const isChanged = edited !== null && edited !== stored;
  const problem = isChanged && next === null ? `Use a whole number. ${limitsOf(setting)}` : save.isError ? save.error.message : null;
  const submit = (): void => {
    if (next !== null) save.mutate({ key: setting.key, value: next }, { onSuccess: () => setEdited(null) });
  };
  const done = save.data === undefined || isChanged ? null : save.data.restart ? 'Saved. It takes effect at the next start.' : 'Saved.';
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_300px] gap-8 border-t border-hairline py-3 first:border-t-0">
      <div>
        <p className="font-medium">{setting.title}</p>
        <p className="max-w-[62ch] text-ink-2">{setting.description}</p>
        <p className="machine pt-0.5 text-sm text-ink-3">{setting.key}</p>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label={setting.title} hideLabel hint={done ?? limitsOf(setting)} error={problem}>
          {(props) => (
            <div className="flex items-start gap-2">
              {setting.kind === 'list' ? (
                <textarea
                  {...props}
                  rows={2}
                  spellCheck={false}
                  value={text}
                  onChange={(event) => setEdited(event.target.value)}
                  className="w-full rounded-md bg-surface px-2.5 py-1.5 font-mono text-sm shadow-[inset_0_0_0_1px_var(--color-edge)]"
                />
              ) : setting.kind === 'choice' ? (
                <Select {...props} value={text} onChange={(event) => setEdited(event.target.value)}>
                  {setting.choices.map((choice) => (
                    <option key={choice} value={choice}>
                      {choice}
                    </option>
                  ))}
                </Select>
              ) : (
                <TextInput
                  {...props}
                  inputMode={setting.kind === 'number' ? 'numeric' : 'text'}
                  value={text}
                  onChange={(event) => setEdited(event.target.value)}
                />
              )}
              <Button type="submit" disabled={!isChanged || next === null || save.isPending}>
                Save
              </Button>
            </div>
          )}
        </Field>
      </form>
    </div>
  );
}
