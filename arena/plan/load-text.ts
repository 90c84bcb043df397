/**
 * A load of a plan in words.
 *
 * @module
 */

import type { PlannedLoad } from './schema.ts';

/** `50 % of capacity, 64 connections, 2 s`. */
export function loadText(load: PlannedLoad): string {
  if ('capacity' in load) {
    const { connections, seconds } = load.capacity;
    return `as much as it answers (closed loop), ${connections} connections, ${seconds} s`;
  }
  const { perS, capacityShare = 0, connections, seconds, arrivals } = load.rate;
  const rate =
    perS === undefined
      ? `${Math.round(capacityShare * 100)} % of its capacity`
      : `${perS} requests/s`;
  return `${rate} (open loop, ${arrivals}), ${connections} connections, ${seconds} s`;
}
