/**
 * One block: one target, one tier, one body, one load, for one window.
 *
 * Any unexpected answer, any error and any change of who is measured voids it, and a void block
 * holds counts only: no latency, no rate and no cost that somebody could take for a result.
 *
 * @module
 */

import type { LoadResult } from '../load/driver.ts';
import { faultsOf } from '../load/faults.ts';
import { emptyHistogram, encodeHistogram } from '../load/histogram.ts';
import { p99Us } from '../load/p99.ts';
import type { BlockRecord, Load } from '../results/records.ts';
import { BASELINE, type Tier } from '../tiers/tiers.ts';
import type { Bench } from './bench.ts';
import { loadSpec, type Resolved } from './load-spec.ts';
import { endOf, type Observed, observe, type Watched } from './observe.ts';
import { runLoad } from './run-load.ts';
import { boundsOf, type Generated } from './self-check.ts';

/** Where and what a block is, before there is a number. */
export interface BlockPlace {
  readonly round: number;
  readonly target: string;
  readonly tier: Tier;
  readonly bodyBytes: number;
}

export interface Subject extends Watched {
  readonly host: string;
  readonly port: number;
}

/** Rejects only with `Interrupted`: whatever else goes wrong is a void block. */
export async function measureBlock(
  bench: Bench,
  place: BlockPlace,
  target: Subject,
  { resolved, seed }: { readonly resolved: Resolved; readonly seed: number },
): Promise<BlockRecord> {
  const { token, signal } = bench;
  const at = new Date().toISOString();
  const { host, port } = target;
  const { tier, bodyBytes } = place;
  const spec = loadSpec({ host, port, tier, bodyBytes, token, seed }, resolved);
  const work = async (): Promise<LoadResult | string> => {
    try {
      return await runLoad(bench, spec);
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error.message : String(error);
    }
  };
  const { result, ...seen } = await observe(target, work);
  if (typeof result === 'string') {
    const reasons = [target.alive() ? `no load: ${result}` : endOf(target)];
    return voidBlock(place, resolved, reasons, at);
  }
  const record = blockOf(bench, { ...place, at }, resolved.load, { ...seen, result });
  return record.void.length === 0 ? record : withoutNumbers(record);
}

function blockOf(
  { baselines }: Bench,
  place: BlockPlace & { readonly at: string },
  load: Load,
  { result, ...seen }: Observed<LoadResult>,
): BlockRecord {
  const seconds = result.elapsedMs / 1000;
  const requestsPerS = result.answered / seconds;
  const cpuShare = result.cpuUs / (result.elapsedMs * 1000);
  const lagP99Us = result.lag === null ? null : p99Us(result.lag);
  const generated = { cpuShare, lagP99Us, ...expectationOf(load, seconds, result) };
  const baselinePerS = place.target === BASELINE ? undefined : baselines.get(place.bodyBytes);
  const isCapacity = load.mode === 'closed' && baselinePerS !== undefined;
  const capacity = isCapacity ? { capacity: { perS: requestsPerS, baselinePerS } } : {};
  return {
    kind: 'block',
    ...place,
    load,
    seconds,
    requests: result.requests,
    requestsPerS,
    statuses: { ...result.statuses },
    errors: { ...result.errors },
    latency: result.latency,
    cpuUsPerRequest: seen.cpuUs === null ? null : seen.cpuUs / Math.max(1, result.answered),
    coresUsed: seen.coresUsed,
    memoryPeakBytes: seen.memoryPeakBytes,
    generator: { cpuShare, lagP99Us, bound: boundsOf({ ...generated, ...capacity }) },
    machine: seen.machine,
    void: [...faultsOf(result), ...seen.void],
  };
}

/** What an open loop should have sent. */
function expectationOf(
  load: Load,
  seconds: number,
  { requests }: LoadResult,
): Pick<Generated, 'schedule'> {
  return load.mode === 'open' ? { schedule: { requests, due: load.ratePerS * seconds } } : {};
}

/** A block that could not be measured at all. */
export function voidBlock(
  place: BlockPlace,
  { load, seconds }: Pick<Resolved, 'load' | 'seconds'>,
  reasons: readonly string[],
  at: string = new Date().toISOString(),
): BlockRecord {
  return {
    kind: 'block',
    at,
    ...place,
    load,
    seconds,
    requests: 0,
    requestsPerS: 0,
    statuses: {},
    errors: {},
    latency: encodeHistogram(emptyHistogram()),
    cpuUsPerRequest: null,
    coresUsed: null,
    memoryPeakBytes: null,
    generator: { cpuShare: 0, lagP99Us: null, bound: [] },
    machine: { stolenShare: 0, loadAverage: 0 },
    void: [...reasons],
  };
}

function withoutNumbers(record: BlockRecord): BlockRecord {
  return {
    ...record,
    requestsPerS: 0,
    latency: encodeHistogram(emptyHistogram()),
    cpuUsPerRequest: null,
    coresUsed: null,
  };
}
