/**
 * Work that somebody may end before its time.
 *
 * @module
 */

/** The reason to abort a run with; thrown where its work ends. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it is aborted; what becomes
 * of `work` then is no longer looked at.
 */
export async function unlessInterrupted<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
): Promise<Result> {
  const settled = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (): void => reject(reasonOf(signal));
    if (signal.aborted) interrupt();
    else signal.addEventListener('abort', interrupt, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    settled.abort();
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Interrupted();
}
