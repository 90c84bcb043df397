/**
 * Who else used the processors while a side was measured on one of them.
 *
 * Source: proc(5), /proc/stat, in ticks of 10 ms.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

import { TICKS_PER_S } from '../../../arena/host/cpu.ts';

/** What has become of the machine's time and of one processor's so far, in ticks. */
export interface MachineTime {
  /** Of all processors. */
  readonly totalTicks: number;
  /** Taken by the host from all processors. */
  readonly stolenTicks: number;
  /** Used by processes on the one processor, whosoever; interrupts are not in it. */
  readonly busyTicks: number;
}

interface ProcessorLine {
  readonly busyTicks: number;
  readonly totalTicks: number;
  readonly stolenTicks: number;
}

function processorLine(text: string): ProcessorLine {
  const fields = text.trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , , , stolenTicks = 0] = fields;
  return {
    busyTicks: user + nice + system,
    totalTicks: fields.reduce((sum, ticks) => sum + ticks, 0),
    stolenTicks,
  };
}

/** Rejects nothing: a machine without the processor `core` has used none of it. */
export function machineTime(
  core: string,
  stat = readFileSync('/proc/stat', 'latin1'),
): MachineTime {
  const lines = stat.split('\n');
  const { totalTicks, stolenTicks } = processorLine(lines[0] ?? '');
  const own = lines.find((line) => line.startsWith(`cpu${core} `)) ?? '';
  return { totalTicks, stolenTicks, busyTicks: processorLine(own).busyTicks };
}

export interface MachineUse {
  /** Share of the time that the host took. */
  readonly stolenShare: number;
  /** Share of the processor that went to others than who was measured on it. */
  readonly foreignCores: number;
}

/** What was used between two moments, of which `ranUs` by who was measured. */
export function machineUse(
  before: MachineTime,
  after: MachineTime,
  { ranUs, elapsedMs }: { readonly ranUs: number; readonly elapsedMs: number },
): MachineUse {
  const total = after.totalTicks - before.totalTicks;
  const busyMs = ((after.busyTicks - before.busyTicks) / TICKS_PER_S) * 1000;
  return {
    stolenShare: total > 0 ? (after.stolenTicks - before.stolenTicks) / total : 0,
    foreignCores: elapsedMs > 0 ? Math.max(0, busyMs - ranUs / 1e3) / elapsedMs : 0,
  };
}
