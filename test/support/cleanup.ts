/**
 * Stops what a test has started, all of it, also when stopping one of them fails.
 *
 * @module
 */

interface Stoppable {
  stop(): unknown;
}

/** One after the other, in this order. Rejects with the first failure, when everything is stopped. */
export async function stopAll(...things: readonly (Stoppable | null | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const thing of things) {
    try {
      await thing?.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
