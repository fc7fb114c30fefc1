const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** What a process does when it is asked to end, and when it has to end at once. */
export interface ShutdownSteps {
  /** On the first signal. The process ends by itself when nothing is left that keeps it alive. */
  readonly begin: (signal: NodeJS.Signals) => void;
  /** On the second signal, just before the process ends with the signal's exit code. */
  readonly atOnce?: () => void;
}

/**
 * Acts on SIGINT and SIGTERM until the returned function is called. While somebody listens to these
 * signals, Node.js does not end the process by itself.
 */
export function onShutdownSignals({ begin, atOnce }: ShutdownSteps): () => void {
  let asked = false;
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      if (asked) {
        atOnce?.();
        process.exit(128 + SIGNAL_NUMBERS[signal]);
      }
      asked = true;
      begin(signal);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}
