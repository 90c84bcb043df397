/**
 * What is measured, layer by layer.
 *
 * @module
 */

import { join } from 'node:path';

import type { LoadStage } from '../../arena/load/driver.ts';
import type { Deterministic } from './assessment.ts';
import type { Build, BuildPlace } from './builds/builds.ts';
import { suspects } from './decision/reproduce.ts';
import { readBudget } from './deterministic/budget.ts';
import { countInstructions } from './deterministic/callgrind.ts';
import { runScripted } from './deterministic/scripted.ts';
import { missing, type Tool } from './deterministic/tools.ts';
import { internalFailure } from './failure.ts';
import type { GateOptions } from './options.ts';
import { type PairedRun, runPaired, type RunWatch, verdictOf } from './paired/run.ts';
import type { ScenarioName } from './paired/scenarios.ts';
import { PROJECT } from './place.ts';

const BUDGET = join(PROJECT, 'bench/gate/budget.json');

export interface Sides {
  readonly base: Build;
  readonly head: Build;
}

/** Rejects before anything is built, when the machine lacks what the layers need. */
export function requireTools(layer: GateOptions['layer']): void {
  const counting: readonly Tool[] = layer === '2' ? [] : ['valgrind', 'cargo'];
  const lacking = [...counting, 'taskset' as const].flatMap((tool) => {
    const why = missing(tool);
    return why === null ? [] : [why];
  });
  if (lacking.length > 0) throw internalFailure(lacking.join('\n'));
}

/** Layer 1: instructions, and what the scripted exchange costs. */
export async function measureDeterministic(
  place: BuildPlace,
  { base, head }: Sides,
  watch: RunWatch,
): Promise<Deterministic> {
  const skipped: string[] = [];
  watch.now('counting instructions of head');
  const counted = await countInstructions(place, head, head);
  watch.now('counting instructions of base');
  const before = await countInstructions(place, base, head).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    skipped.push(`instructions of base: ${why}`);
    return null;
  });
  if (before?.program === 'own') {
    skipped.push("nothing, but base's instructions were counted with its own program, not head's");
  }
  watch.now('counting what 10 000 scripted requests cost');
  const scripted = await runScripted(head);
  const budget = readBudget(BUDGET);
  return {
    instructions: { base: before, head: counted },
    scripted,
    budget,
    skipped: [...skipped, ...scripted.skipped],
  };
}

/** Layer 2: the paired run, and its repetition with another seed where it calls a regression. */
export async function measurePaired(
  station: LoadStage,
  sides: Sides,
  options: Pick<GateOptions, 'scenarios' | 'seed' | 'looks'>,
  watch: RunWatch,
): Promise<PairedRun[]> {
  const { scenarios, seed, looks } = options;
  const first = await runPaired({ station, ...sides, scenarios, seed, looks, only: null }, watch);
  const only = suspects(verdictOf(first));
  if (only.length === 0) return [first];
  watch.note('a regression must reproduce: measuring it again with another seed');
  const again = scenarios.filter((name: ScenarioName) =>
    only.some(({ scenario }) => scenario === name),
  );
  const plan = { station, ...sides, scenarios: again, seed: seed + 1, looks, only };
  return [first, await runPaired(plan, watch)];
}
