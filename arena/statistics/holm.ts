/**
 * Holm's step-down procedure: many tests at once, with the chance of any false alarm held at alpha.
 *
 * Source: Holm 1979, A simple sequentially rejective multiple test procedure.
 *
 * @module
 */

export interface HolmStep {
  /** The p-value that can be compared with alpha itself. */
  readonly adjusted: number;
  /** By how much alpha is divided in this test's step: from the number of tests down to 1. */
  readonly divisor: number;
}

/** For each p-value, in the order given, its step; equal p-values share the larger divisor. */
export function holm(pValues: readonly number[]): HolmStep[] {
  const order = pValues.map((_, at) => at);
  order.sort((one, other) => (pValues[one] ?? 0) - (pValues[other] ?? 0));
  const steps: HolmStep[] = pValues.map(() => ({ adjusted: 1, divisor: pValues.length }));
  let reached = 0;
  for (const [step, at] of order.entries()) {
    const pValue = pValues[at] ?? 1;
    const before = order[step - 1];
    const tied = before !== undefined && pValues[before] === pValue;
    const divisor = tied ? (steps[before]?.divisor ?? 1) : pValues.length - step;
    reached = Math.max(reached, Math.min(1, pValue * divisor));
    steps[at] = { adjusted: reached, divisor };
  }
  return steps;
}
