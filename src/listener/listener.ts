/**
 * What a front is to a mode: something that accepts connections and can be seen out.
 *
 * @module
 */

/** Between two looks at what is still open. */
const DRAIN_STEP_MS = 20;

export interface Listener {
  /** New connections are refused from now on. */
  stopAccepting(): void;
  /** Resolves when no exchange is open, or after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

/** Resolves when `open` says 0, or after `deadlineMs`. */
export function untilNoneOpen(open: () => number, deadlineMs: number): Promise<void> {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (open() > 0 && Date.now() - startedAt < deadlineMs) return;
      clearInterval(timer);
      resolve();
    }, DRAIN_STEP_MS);
  });
}
