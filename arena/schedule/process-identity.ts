/**
 * Which process it is, also after its number has been given to another one.
 *
 * A number means something only in one PID namespace of one boot; there, number and start time
 * name a process for good.
 *
 * Source: proc(5), /proc/PID/stat field 22; random(4), /proc/sys/kernel/random/boot_id;
 * pid_namespaces(7).
 *
 * @module
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { z } from 'zod';

export const ProcessIdentity = z.strictObject({
  pid: z.int().positive(),
  /** When it was started, in clock ticks since the boot. */
  startTicks: z.int().nonnegative(),
  bootId: z.string().max(64),
  pidNamespace: z.string().max(64),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** `unseen`: it is or was one of another machine, boot or container, and can't be looked at. */
export type Presence = 'running' | 'gone' | 'unseen';

/** Null when there is no such process (a zombie is none). */
export function identityOf(pid: number): ProcessIdentity | null {
  const startTicks = startTicksOf(pid);
  if (startTicks === null) return null;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return { pid, startTicks, bootId, pidNamespace: readlinkSync('/proc/self/ns/pid') };
}

export function presenceOf(identity: ProcessIdentity): Presence {
  const own = identityOf(process.pid);
  if (own?.bootId !== identity.bootId || own.pidNamespace !== identity.pidNamespace) {
    return 'unseen';
  }
  return startTicksOf(identity.pid) === identity.startTicks ? 'running' : 'gone';
}

function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold anything; the state is the first field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}
