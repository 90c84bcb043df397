/**
 * What the kernel counts for the machine as a whole.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/**
 * Time that the machine was kept from running by its host, and ran in all, in ticks.
 * Source: proc(5), /proc/stat.
 */
export function machineTicks(): { stolen: number; total: number } {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { stolen: fields[7] ?? 0, total: fields.reduce((sum, ticks) => sum + ticks, 0) };
}

/**
 * Established connections to a port of 127.0.0.1. Source: proc(5), /proc/net/tcp: local address,
 * state 01.
 */
export function connectionsTo(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, at, , state]) => at === local && state === '01').length;
}
