/** `plan`: what would be run, with whom, for how long. @module */

import { Command } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { type Counted, estimatePlan } from '../run/estimate.ts';
import { loadText } from '../plan/load-text.ts';
import type { Plan } from '../plan/schema.ts';
import { durationText } from '../run/progress.ts';
import { type Candidate, examineAll } from '../run/run.ts';
import { playsOf } from '../scenarios/catalog.ts';
import { textTable } from './columns.ts';
import {
  fileOption,
  onlyOption,
  type PlanOptions,
  readPlan,
  targetsOf,
  targetsOption,
} from './plan-file.ts';

const EXAMPLES = `
Examples:
  $ stoa-arena plan
  $ stoa-arena plan -f arena/plans/full.yaml

Nothing is started; targets are asked for their versions only.`;

export function planCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('plan')
    .description('print what a plan would run, and how long that takes')
    .addOption(fileOption())
    .addOption(onlyOption())
    .addOption(targetsOption())
    .addHelpText('after', EXAMPLES)
    .action(async (options: PlanOptions) => {
      const loaded = readPlan(options.file, terminal);
      if (loaded === null) return exit(1);
      const plan = loaded.value;
      const candidates = await examineAll(plan, targetsOf(plan, options));
      terminal.out(planText(plan, candidates));
    });
}

/** What `plan` prints. */
function planText(plan: Plan, candidates: readonly Candidate[]): string {
  return [
    `Plan ${plan.name}: ${plan.rounds} rounds, ${plan.workers} workers each, target on cores ${plan.cores.target}, load on ${plan.cores.load}\n`,
    textTable([
      ['target', 'version', 'tiers', 'scenarios'],
      ...candidates.map((one) => rowOf(plan, one)),
    ]),
    `Each tier, for bodies of ${plan.bodies.join(', ')} bytes:\n`,
    ...plan.loads.map((load) => `  ${loadText(load)}\n`),
    timeText(plan, candidates),
  ].join('');
}

function rowOf(plan: Plan, { target, examined, tiers }: Candidate): string[] {
  if (examined.status === 'unavailable') return [target.name, `unavailable: ${examined.why}`];
  const plays = tiers.includes(plan.scenarioTier) ? playsOf(plan, target.capabilities) : [];
  const names = plays.map(({ name }) => name).join(', ');
  return [target.name, examined.version, tiers.join(', ') || 'none', names];
}

function timeText(plan: Plan, candidates: readonly Candidate[]): string {
  const estimate = estimatePlan(plan, countedIn(plan, candidates));
  const { usualS, mostS, turns, blocks, scenarios } = estimate;
  const parts = [`${turns} starts`, `${blocks} blocks`, `${scenarios} scenarios`];
  return `${parts.join(', ')}: about ${durationText(usualS)}, at most ${durationText(mostS)}\n`;
}

/** Those that can be had, as the estimate counts them. */
export function countedIn(plan: Plan, candidates: readonly Candidate[]): Counted[] {
  return candidates
    .filter(({ examined }) => examined.status === 'ready')
    .map(({ target, tiers }) => ({
      adapter: target.adapter,
      tiers: tiers.length,
      plays: tiers.includes(plan.scenarioTier) ? playsOf(plan, target.capabilities) : [],
    }));
}
