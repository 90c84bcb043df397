/**
 * A whole run: who can be had, how much the upstream answers alone, round after round, the end.
 *
 * Whatever ends it, what was measured is in its file, its last record says whether it is complete,
 * and nothing that it started is left.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { loadavg } from 'node:os';

import type { Target } from '../adapters/target.ts';
import { turnSeconds } from './estimate.ts';
import type { Plan } from '../plan/schema.ts';
import { type EndRecord, RESULTS_VERSION, type RunRecord } from '../results/records.ts';
import { BASELINE, BASELINE_TIER, type Tier } from '../tiers/tiers.ts';
import { measureBaselines } from './baseline.ts';
import type { Bench } from './bench.ts';
import { Interrupted } from './interrupt.ts';
import { describeMachine } from './machine.ts';
import { type Entrant, turnsOf } from './order.ts';
import { playScenarios } from './scenario-turn.ts';
import { describeSource } from './source.ts';
import { playTurn } from './turn.ts';

/** What a run is told about itself, to be written down. */
export interface RunIdentity {
  readonly id: string;
  readonly planText: string;
  readonly seed: number;
  /** Words of the command line. */
  readonly command: readonly string[];
}

/** A target and what the plan has for it. */
export interface Candidate {
  readonly target: Target;
  readonly examined: Awaited<ReturnType<Target['examine']>>;
  /** Those of the plan that its manifest offers; the baseline has its one tier in any plan. */
  readonly tiers: readonly Tier[];
}

/** Asks each target whether it can be had here. */
export async function examineAll(plan: Plan, targets: readonly Target[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const target of targets) {
    const wanted = target.name === BASELINE ? [BASELINE_TIER] : plan.tiers;
    const tiers = wanted.filter((tier) => target.capabilities.includes(tier));
    candidates.push({ target, examined: await target.examine(), tiers });
  }
  return candidates;
}

/** Resolves when the run has ended, complete or interrupted. Rejects when it failed. */
export async function playRun(
  bench: Bench,
  identity: RunIdentity,
  candidates: readonly Candidate[],
): Promise<EndRecord> {
  bench.write(runRecord(bench, identity));
  try {
    await playRounds(bench, identity.seed, candidates);
    return ended(bench, '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const end = ended(bench, why);
    if (error instanceof Interrupted) return end;
    throw error;
  } finally {
    bench.progress.end();
  }
}

async function playRounds(
  bench: Bench,
  seed: number,
  candidates: readonly Candidate[],
): Promise<void> {
  for (const candidate of candidates) bench.write(targetRecord(candidate));
  await measureBaselines(bench, seed);
  let entrants: readonly Entrant<Target>[] = candidates
    .filter(({ examined }) => examined.status === 'ready')
    .map(({ target, tiers }) => ({ subject: target, tiers }));
  for (let round = 1; round <= bench.plan.rounds; round += 1) {
    const unfit = await playRound(bench, entrants, { round, seed });
    entrants = entrants.map(({ subject, tiers }) => ({
      subject,
      tiers: tiers.filter((tier) => !unfit.has(stay(subject.name, tier))),
    }));
    await playScenarios(bench, entrants, { round, seed });
  }
}

/** Returns the stays that are not repeated. */
async function playRound(
  bench: Bench,
  entrants: readonly Entrant<Target>[],
  when: { readonly round: number; readonly seed: number },
): Promise<ReadonlySet<string>> {
  const unfit = new Set<string>();
  for (const turn of turnsOf(bench.plan, entrants, when)) {
    const fitness = await playTurn(bench, turn);
    const { subject, tier } = turn;
    const { usualS } = turnSeconds(bench.plan, subject.adapter);
    const rounds = fitness === 'fit' ? 1 : bench.plan.rounds;
    bench.progress.advance(usualS * rounds);
    if (fitness === 'unfit') unfit.add(stay(subject.name, tier));
  }
  return unfit;
}

function stay(target: string, tier: Tier): string {
  return `${target} ${tier}`;
}

function runRecord(bench: Bench, { id, planText, seed, command }: RunIdentity): RunRecord {
  const { plan, station } = bench;
  return {
    kind: 'run',
    version: RESULTS_VERSION,
    id,
    at: new Date().toISOString(),
    command: [...command],
    plan: {
      name: plan.name,
      sha256: createHash('sha256').update(planText).digest('hex'),
      text: planText,
    },
    seed,
    source: describeSource(),
    machine: describeMachine(),
    driver: { name: station.driver.name, version: station.driver.version },
    cores: plan.cores,
    loadAverage: loadavg()[0] ?? 0,
  };
}

function targetRecord({ target, examined }: Candidate): Parameters<Bench['write']>[0] {
  const { name, title, adapter, capabilities } = target;
  const isReady = examined.status === 'ready';
  return {
    kind: 'target',
    target: name,
    title,
    adapter,
    status: examined.status,
    why: isReady ? '' : examined.why,
    version: isReady ? examined.version : '',
    capabilities: [...capabilities],
  };
}

function ended({ write }: Bench, why: string): EndRecord {
  const end: EndRecord = {
    kind: 'end',
    at: new Date().toISOString(),
    complete: why === '',
    why,
  };
  write(end);
  return end;
}
