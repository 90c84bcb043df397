/**
 * Waiting for a condition, with a bound and a reason.
 *
 * @module
 */

export { setTimeout as sleep } from 'node:timers/promises';

import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 10;

type There<T> = NonNullable<Exclude<T, false>>;

function isThere<T>(value: T): value is There<T> & T {
  return value !== false && value !== null && value !== undefined;
}

/** Resolves with the first value that is neither false, null nor undefined; rejects at the bound. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 5000,
): Promise<There<Awaited<T>>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (isThere(value)) return value;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(STEP_MS);
  }
}
