import { Switch as RadixSwitch } from 'radix-ui';
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react';
import { cx } from './cx.ts';

const control =
  'h-8 w-full min-w-0 rounded-md bg-surface px-2.5 text-base text-ink shadow-[inset_0_0_0_1px_var(--color-edge)] placeholder:text-ink-3 disabled:opacity-60 aria-invalid:shadow-[inset_0_0_0_1px_var(--color-deny)]';

export interface FieldProps {
  readonly label: string;
  /** For where a title stands beside it. */
  readonly hideLabel?: boolean;
  readonly hint?: ReactNode;
  readonly error?: string | null | undefined;
  readonly children: (props: { readonly id: string; readonly 'aria-describedby': string; readonly 'aria-invalid': boolean }) => ReactNode;
}

/** A labelled control with its hint and its error in place. */
export function Field({ label, hideLabel = false, hint, error, children }: FieldProps): ReactNode {
  const id = useId();
  const bad = error !== undefined && error !== null && error !== '';
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'text-sm font-medium text-ink-2'}>
        {label}
      </label>
      {children({ id, 'aria-describedby': `${id}-hint`, 'aria-invalid': bad })}
      <div id={`${id}-hint`} className={cx('text-sm', bad ? 'text-deny' : 'text-ink-3')}>
        {bad ? error : hint}
      </div>
    </div>
  );
}

export function TextInput({
  className,
  mono = false,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { readonly mono?: boolean }): ReactNode {
  return (
    <input type="text" spellCheck={false} autoComplete="off" className={cx(control, mono && 'font-mono text-sm', className)} {...rest} />
  );
}

export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>): ReactNode {
  return (
    <select className={cx(control, 'pr-1', className)} {...rest}>
      {children}
    </select>
  );
}

export interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
}

export function Switch({ checked, onChange, label, hint, disabled = false }: SwitchProps): ReactNode {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <RadixSwitch.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 h-[18px] w-8 shrink-0 rounded-full bg-edge p-[2px] transition-colors duration-100 disabled:opacity-50 data-[state=checked]:bg-accent"
      >
        <RadixSwitch.Thumb className="block size-[14px] rounded-full bg-surface transition-transform duration-100 data-[state=checked]:translate-x-[14px]" />
      </RadixSwitch.Root>
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint !== undefined && <div className="text-sm text-ink-3">{hint}</div>}
      </div>
    </div>
  );
}

export function Check({
  checked,
  onChange,
  label,
  mono = false,
}: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label: string;
  readonly mono?: boolean;
}): ReactNode {
  return (
    <label className={cx('flex h-7 items-center gap-2', mono && 'font-mono text-sm')}>
      <input type="checkbox" className="size-3.5 accent-accent" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
