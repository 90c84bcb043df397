/**
 * One schedule a folder: whoever has the file of the highest number in `FOLDER/.lock` holds it.
 *
 * A file is only ever added with link(2), which fails where the name is taken, and the highest one
 * is never removed. A lock whose holder has ended is therefore taken over by adding the next
 * number, which one contender alone can do; one that was slow finds, after adding a number that had
 * been free again, a higher one, and withdraws. That needs a folder that is listed at once, which
 * the kernel grants for one getdents(2), and so few files always fit into one.
 *
 * A holder that can't be seen (another machine or container on a shared volume, or before a boot)
 * counts as gone when it has not renewed its file for `LEASE_MS`.
 *
 * Bounds: 1 KiB a file; what contenders leave that are killed in the middle is removed by the next.
 *
 * Source: link(2), rename(2).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { identityOf, ProcessIdentity, presenceOf } from './process-identity.ts';

export const LOCK_FOLDER = '.lock';
/** How long an unseen holder is believed, by the clock that its file's times come from. */
export const LEASE_MS = 120_000;
/** How often a holder renews its file. */
export const RENEW_MS = 20_000;

/** Contenders that lose look again; each time somebody else has got further. */
const ATTEMPTS_MAX = 16;

const Claim = z.strictObject({
  holder: ProcessIdentity,
  /** Since when, as ISO 8601. */
  at: z.string().max(64),
  released: z.boolean(),
});
type Claim = z.infer<typeof Claim>;

export interface Lock {
  /** Tells others that this process is there; false when it has lost the lock to another one. */
  renew(): boolean;
  release(): void;
}

export type Acquired =
  | { readonly ok: true; readonly lock: Lock; readonly tookOver: boolean }
  | { readonly ok: false; readonly holder: string };

/** Takes the lock of `folder`, which exists, or says who has it. Throws on errors of the disk. */
export function acquireLock(folder: string, now: () => Date = () => new Date()): Acquired {
  const locks = join(folder, LOCK_FOLDER);
  mkdirSync(locks, { recursive: true });
  const holder = identityOf(process.pid);
  if (holder === null) throw new Error('/proc is not mounted: the schedule needs it for its lock');
  const claim: Claim = { holder, at: now().toISOString(), released: false };

  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const highest = highestOf(locks);
    const standing = highest === 0 ? 'none' : standingOf(locks, highest, now());
    if (typeof standing === 'object') return { ok: false, holder: standing.heldBy };
    const own = highest + 1;
    if (!add(locks, own, claim)) continue;
    if (highestOf(locks) === own) {
      sweep(locks, own);
      return { ok: true, lock: lockOf(locks, own, claim), tookOver: standing === 'abandoned' };
    }
    rmSync(fileOf(locks, own), { force: true });
  }
  return { ok: false, holder: 'several that try at once' };
}

function lockOf(locks: string, number: number, claim: Claim): Lock {
  return {
    renew: () => {
      if (highestOf(locks) !== number) return false;
      const time = new Date();
      utimesSync(fileOf(locks, number), time, time);
      return true;
    },
    release: () => {
      if (highestOf(locks) !== number) return;
      const fresh = join(locks, `${randomUUID()}.new`);
      writeFileSync(fresh, JSON.stringify({ ...claim, released: true }));
      renameSync(fresh, fileOf(locks, number));
    },
  };
}

/** Whether the file of this number was free, and is now ours, with its content, from the start. */
function add(locks: string, number: number, claim: Claim): boolean {
  const fresh = join(locks, `${randomUUID()}.new`);
  writeFileSync(fresh, JSON.stringify(claim), { flag: 'wx' });
  try {
    linkSync(fresh, fileOf(locks, number));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

type Standing = 'none' | 'released' | 'abandoned' | { readonly heldBy: string };

function standingOf(locks: string, number: number, now: Date): Standing {
  const file = fileOf(locks, number);
  let renewedMs: number;
  let text: string;
  try {
    renewedMs = statSync(file).mtimeMs;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // A higher number has come about: adding the next to this one finds that out.
    if (codeOf(error) === 'ENOENT') return 'none';
    throw error;
  }
  const claim = claimOf(text);
  const fresh = Math.abs(now.getTime() - renewedMs) <= LEASE_MS;
  // What nobody of ours wrote is not believed for longer than a holder that can't be seen.
  if (claim === null) return fresh ? { heldBy: `whoever wrote ${file}` } : 'abandoned';
  if (claim.released) return 'released';
  const presence = presenceOf(claim.holder);
  if (presence === 'gone' || (presence === 'unseen' && !fresh)) return 'abandoned';
  const where = presence === 'unseen' ? ' of another machine, boot or container' : '';
  return { heldBy: `process ${claim.holder.pid}${where}, since ${claim.at}` };
}

function claimOf(text: string): Claim | null {
  try {
    return Claim.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function numbersOf(locks: string): number[] {
  return readdirSync(locks).flatMap((name) => (/^\d{1,15}$/.test(name) ? [Number(name)] : []));
}

function highestOf(locks: string): number {
  return Math.max(0, ...numbersOf(locks));
}

/** Removes lower numbers, and what contenders left that ended in the middle. */
function sweep(locks: string, number: number): void {
  for (const lower of numbersOf(locks)) {
    if (lower < number) rmSync(fileOf(locks, lower), { force: true });
  }
  for (const name of readdirSync(locks).filter((file) => file.endsWith('.new'))) {
    const file = join(locks, name);
    const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - writtenMs > LEASE_MS) rmSync(file, { force: true });
  }
}

function fileOf(locks: string, number: number): string {
  return join(locks, String(number));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
