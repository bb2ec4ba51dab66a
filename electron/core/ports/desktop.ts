/** What only a desktop can do. The headless host answers `unavailable`. */
export interface Desktop {
  showMainWindow(page: string): void;
  /** The approval window sets its own height to its content's. */
  resizeApprovalWindow(heightPx: number): void;
  /** Hides the approval window; what waits goes on waiting. */
  hideApprovalWindow(): void;
  copyText(text: string): void;
  openDirectoryDialog(): Promise<string | null>;
  /** Milliseconds since anybody typed or moved the pointer, in any program. */
  systemIdleMs(): number;
  quit(): void;
}
