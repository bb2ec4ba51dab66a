import type { ReactNode } from 'react';

export interface ChoiceProps<Value extends string> {
  readonly legend: string;
  readonly name: string;
  readonly value: Value;
  readonly options: readonly (readonly [Value, string])[];
  readonly onChange: (value: Value) => void;
  /** Takes the keyboard when it appears. */
  readonly focused?: boolean;
}

/** One of few, all in sight; arrows move through them. */
export function Choice<Value extends string>({ legend, name, value, options, onChange, focused = false }: ChoiceProps<Value>): ReactNode {
  return (
    <fieldset className="flex items-baseline gap-3">
      <legend className="float-left w-[92px] shrink-0 text-sm text-ink-3">{legend}</legend>
      <div className="flex flex-wrap gap-x-4">
        {options.map(([key, label]) => (
          <label key={key} className="flex h-6 items-center gap-1.5">
            <input
              type="radio"
              name={name}
              className="size-3.5 accent-accent"
              autoFocus={focused && key === value}
              checked={key === value}
              onChange={() => onChange(key)}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
