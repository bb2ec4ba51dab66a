import { Component, type ReactNode } from 'react';
import { messageOf } from '../lib/operation-error.ts';
import { Button } from '../ui/button.tsx';
import { Untrusted } from '../ui/untrusted.tsx';

interface State {
  readonly error: unknown;
}

/** A page that fails says so and can be opened again; the gateway is not affected. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <main className="mx-auto flex max-w-[64ch] flex-col items-start gap-3 px-6 py-24" role="alert">
        <h1 className="text-head font-semibold">This page failed</h1>
        <p className="text-ink-2">
          The gateway is not affected: requests still wait for a decision and are denied when nobody answers.{' '}
          <Untrusted text={messageOf(this.state.error)} mono />
        </p>
        <Button onClick={() => this.setState({ error: null })}>Show it again</Button>
      </main>
    );
  }
}
