/**
 * A target's stay in one tier: started, probed, warmed up, measured block by block, and stopped,
 * after which its port is closed and none of its processes is left.
 *
 * @module
 */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import type { RunningTarget, Target } from '../adapters/target.ts';
import type { ProbeRecord } from '../results/records.ts';
import { freePort } from '../host/ports.ts';
import type { Tier } from '../tiers/tiers.ts';
import type { Bench, Upstream } from './bench.ts';
import { type BlockPlace, measureBlock, type Subject, voidBlock } from './block.ts';
import { type Resolved, resolveLoad } from './load-spec.ts';
import { endOf } from './observe.ts';
import type { PlannedBlock, Turn } from './order.ts';
import { stopCompletely } from './stop.ts';
import { warmUp } from './warm-up.ts';

/** What is kept of why a target did not start. */
const REASON_MAX_CHARS = 2000;

/** Whether the target may be measured in this tier again. */
export type Fitness = 'fit' | 'unfit';

/** Rejects only when the run is to end. */
export async function playTurn(bench: Bench, turn: Turn<Target>): Promise<Fitness> {
  const { subject: target, tier, round } = turn;
  bench.progress.now(`round ${round} of ${bench.plan.rounds}: ${target.name}, ${tier}`);
  const started = await startTarget(bench, target, tier, bench.station.upstream);
  if ('why' in started) return refused(bench, turn, started.why);
  const { running } = started;
  try {
    if (round === 1 && !(await introduce(bench, turn, running))) return 'unfit';
    await measure(bench, turn, running);
    return 'fit';
  } finally {
    await stopCompletely(bench, target, running);
  }
}

type Started = { readonly running: RunningTarget } | { readonly why: string };

/** Starts a target on a port of its own, or says why it did not start. */
export async function startTarget(
  { plan, folder, signal }: Pick<Bench, 'plan' | 'folder' | 'signal'>,
  target: Target,
  tier: Tier,
  { host, port }: Upstream,
): Promise<Started> {
  signal.throwIfAborted();
  const startPlan = {
    tier,
    folder: mkdtempSync(join(folder, `${target.name}-${tier}-`)),
    port: await freePort(),
    upstream: { host, port },
    workers: plan.workers,
    cores: plan.cores.target,
    memoryMaxBytes: plan.limits.memoryBytes,
  };
  try {
    return { running: await target.start(startPlan) };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { why: why.slice(-REASON_MAX_CHARS) };
  }
}

/** A target that does not start is out of this tier, or was in it and fails now. */
function refused({ capacities, write, progress }: Bench, turn: Turn<Target>, why: string): Fitness {
  const { subject: target, tier, round, blocks } = turn;
  progress.note(`${target.name} does not start in tier ${tier}: ${why.split('\n')[0]}`);
  if (round === 1) {
    write(failedProbe(target, tier, { name: 'it starts', detail: why }));
    return 'unfit';
  }
  for (const planned of blocks) {
    const place = placeOf(turn, planned.bodyBytes);
    const resolved = resolveLoad(planned.load, capacities.of(place)) ?? unresolved(planned);
    write(voidBlock(place, resolved, [`the target did not start: ${why}`]));
  }
  return 'fit';
}

/** What is looked at once in a tier: the files it read, and whether it does the work. */
async function introduce(
  bench: Bench,
  turn: Turn<Target>,
  running: RunningTarget,
): Promise<boolean> {
  const { subject: target, tier } = turn;
  for (const config of running.configs) {
    bench.write({ kind: 'config', target: target.name, tier, ...config });
  }
  const probed = await probeTarget(bench, turn, running);
  bench.write(probed);
  if (probed.passed) return true;
  const missing = probed.checks.filter(({ passed }) => !passed).map(({ name }) => name);
  bench.progress.note(`${target.name} is not timed in tier ${tier}: ${missing.join(', ')}`);
  return false;
}

async function probeTarget(
  { probe, signal }: Bench,
  { subject: target, tier }: Turn<Target>,
  running: RunningTarget,
): Promise<ProbeRecord> {
  try {
    return await probe(target, running, tier);
  } catch (error) {
    signal.throwIfAborted();
    const detail = error instanceof Error ? error.message : String(error);
    return failedProbe(target, tier, { name: 'it can be probed', detail });
  }
}

function failedProbe(
  target: Target,
  tier: Tier,
  check: { readonly name: string; readonly detail: string },
): ProbeRecord {
  const checks = [{ ...check, passed: false }];
  return { kind: 'probe', target: target.name, tier, passed: false, checks };
}

async function measure(bench: Bench, turn: Turn<Target>, running: RunningTarget): Promise<void> {
  const { capacities, progress, write } = bench;
  const target: Subject = running;
  for (const bodyBytes of new Set(turn.blocks.map((planned) => planned.bodyBytes))) {
    const place = placeOf(turn, bodyBytes);
    const warm = await warmUp(bench, place, target, turn.seed);
    for (const perS of warm.perS) capacities.add(place, perS);
    if (!warm.flat) progress.note(`${turn.subject.name}, ${turn.tier}: not flat after the warm-up`);
  }
  for (const [index, planned] of turn.blocks.entries()) {
    const place = placeOf(turn, planned.bodyBytes);
    const resolved = resolveLoad(planned.load, capacities.of(place));
    const seed = (turn.seed + index) >>> 0;
    write(await measured(bench, { place, planned, resolved, seed }, target));
    bench.signal.throwIfAborted();
  }
}

interface Measured {
  readonly place: BlockPlace;
  readonly planned: PlannedBlock;
  readonly resolved: Resolved | null;
  readonly seed: number;
}

async function measured(
  bench: Bench,
  { place, planned, resolved, seed }: Measured,
  target: Subject,
): ReturnType<typeof measureBlock> {
  if (resolved === null) {
    return voidBlock(place, unresolved(planned), ['its capacity could not be found']);
  }
  if (!target.alive()) return voidBlock(place, resolved, [endOf(target)]);
  const record = await measureBlock(bench, place, target, { resolved, seed });
  if (record.load.mode === 'closed') bench.capacities.add(place, record.requestsPerS);
  return record;
}

/** A share of nothing: the block is void, and its rate only what the format asks for. */
function unresolved({ load }: PlannedBlock): Resolved {
  const resolved = resolveLoad(load, 1);
  if (resolved === null) throw new Error('a load without a rate got past the plan');
  return resolved;
}

function placeOf({ round, subject, tier }: Turn<Target>, bodyBytes: number): BlockPlace {
  return { round, target: subject.name, tier, bodyBytes };
}
