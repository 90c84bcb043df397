/**
 * Student's t-test of whether two groups of values have the same mean.
 *
 * Variances are pooled, as with SciPy's `ttest_ind`; p-values agree with it to 1e-9 relative.
 * Source: Press et al., Numerical Recipes, 3rd edition, 6.1 (logarithm of the gamma function, by Lanczos), 6.4
 * (incomplete beta function, by Lentz's continued fraction).
 *
 * @module
 */

const LANCZOS_G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;
const STEPS_MAX = 500;
const TINY = 1e-300;

/** Count, mean and sum of squared distances from the mean. */
export interface Group {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

export function groupOf(values: readonly number[]): Group {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: values.length, mean, squares };
}

/**
 * Two-sided p-value. 1 when there are fewer than three values in all or none in a group; 0 or 1 when
 * nothing varies within the groups.
 */
export function pooledTTest(one: Group, other: Group): number {
  const freedom = one.count + other.count - 2;
  if (freedom < 1 || one.count === 0 || other.count === 0) return 1;
  if (one.mean === other.mean) return 1;
  const variance = (one.squares + other.squares) / freedom;
  if (variance === 0) return 0;
  const t = (one.mean - other.mean) / Math.sqrt(variance * (1 / one.count + 1 / other.count));
  return studentTwoSided(t, freedom);
}

/** The share of Student's distribution that lies at least as far from 0 as `t`. */
export function studentTwoSided(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** Regularised, for x in [0, 1]. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Keeps a divisor from 0. */
function apart(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

function betaFraction(x: number, a: number, b: number): number {
  let above = 1;
  let below = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let fraction = below;
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const twice = 2 * step;
    const even = (step * (b - step) * x) / ((a + twice - 1) * (a + twice));
    below = 1 / apart(1 + even * below);
    above = apart(1 + even / above);
    fraction *= below * above;
    const odd = (-(a + step) * (a + b + step) * x) / ((a + twice) * (a + twice + 1));
    below = 1 / apart(1 + odd * below);
    above = apart(1 + odd / above);
    const factor = below * above;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return fraction;
}

/** For arguments of at least a half. */
function logGamma(at: number): number {
  const base = at + LANCZOS_G - 0.5;
  const sum = LANCZOS.reduce(
    (total, term, step) => total + (step === 0 ? term : term / (at + step - 1)),
    0,
  );
  return (at - 0.5) * Math.log(base) - base + Math.log(Math.sqrt(2 * Math.PI) * sum);
}
