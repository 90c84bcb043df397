/**
 * Which plan a command is about, and which targets are in it.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Option } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { didYouMean } from '../../src/config/suggest.ts';
import { GatewayError } from '../../src/errors.ts';
import { loadTargets } from '../adapters/catalog.ts';
import type { Target } from '../adapters/target.ts';
import { type LoadedPlan, loadPlan } from '../plan/load.ts';
import type { Plan } from '../plan/schema.ts';
import { BASELINE } from '../tiers/tiers.ts';

/** Shipped plans; from dist/arena/cli. */
const PLANS = join(import.meta.dirname, '../../../arena/plans');

export interface PlanOptions {
  readonly file: string;
  readonly only?: readonly string[];
  readonly targets?: string;
}

export function fileOption(): Option {
  return new Option('-f, --file <plan>', 'a plan, or the name of a shipped one').default('quick');
}

export function onlyOption(): Option {
  return new Option('--only <names...>', 'these targets of the plan only, and "direct"');
}

export function targetsOption(): Option {
  return new Option('--targets <folder>', 'folder of targets, instead of the shipped ones');
}

/** `quick` is `arena/plans/quick.yaml`, unless there is a file of that name. */
export function planFile(named: string): string {
  const shipped = join(PLANS, `${named}.yaml`);
  return /^[\w-]+$/.test(named) && !existsSync(named) && existsSync(shipped) ? shipped : named;
}

/** The plan, or null when it is not valid, which the terminal has been told. */
export function readPlan(
  named: string,
  terminal: Terminal,
): Extract<LoadedPlan, { ok: true }> | null {
  const loaded = loadPlan(planFile(named));
  if (loaded.ok) return loaded;
  for (const problem of loaded.problems) terminal.err(`${formatProblem(problem)}\n`);
  return null;
}

/** The part of a plan that says when it is run. Throws, with every problem, when it is not valid. */
export function settingsOf(named: string): Plan['schedule'] {
  const loaded = loadPlan(planFile(named));
  if (loaded.ok) return loaded.value.schedule;
  throw new GatewayError('config_invalid', loaded.problems.map(formatProblem).join('\n'));
}

/** The targets that are asked for, `direct` first. Throws for a name that is not known. */
export function targetsOf(plan: Plan, { only, targets: folder }: PlanOptions): Target[] {
  const known = loadTargets(folder);
  const names = known.map(({ name }) => name);
  for (const name of only ?? []) refuseUnknown(name, plan.targets, 'the plan');
  const wanted = new Set([BASELINE, ...(only ?? plan.targets)]);
  for (const name of wanted) refuseUnknown(name, names, folder ?? 'arena/targets');
  return [...wanted].flatMap((name) => known.filter((target) => target.name === name));
}

function refuseUnknown(name: string, known: readonly string[], where: string): void {
  if (known.includes(name)) return;
  const hint = didYouMean(name, known);
  throw new GatewayError('usage', `no target "${name}" in ${where}${hint}`);
}
