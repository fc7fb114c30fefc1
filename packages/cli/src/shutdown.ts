const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Resolves when the process is asked to end: by SIGINT, by SIGTERM, or because the process that
 * started it is gone. The second signal ends the process at once, after `atOnce`.
 */
export function whenAskedToEnd(atOnce: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (asked) {
          atOnce();
          process.exit(128 + SIGNAL_NUMBERS[signal]);
        }
        asked = true;
        resolve();
      });
    }
    process.once("disconnect", resolve);
  });
}
