/**
 * How much proof the gate asks for unless told otherwise. bench/gate/POWER.md shows what these numbers
 * buy at how much noise.
 *
 * @module
 */

import type { GateDesign } from './verdict.ts';

export const DEFAULT_DESIGN: GateDesign = {
  margins: { cpuUsPerRequest: 0.03, p50: 0.05, p99: 0.15 },
  harmlessShare: 1 / 2,
  looks: [16, 32, 48],
  alpha: 0.05,
  controlAlpha: 0.01,
  resamples: 10_000,
  limits: { lagP99Us: 1000, stolenShare: 0.05, foreignCores: 0.5 },
  lostShareMax: 0.2,
};
