/**
 * What the gate can be told on its command line.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from 'commander';

import { WORKTREE } from './builds/git.ts';
import { DEFAULT_DESIGN } from './decision/design.ts';
import { usageFailure } from './failure.ts';
import { DEFAULT_SCENARIOS, SCENARIO_NAMES, type ScenarioName } from './paired/scenarios.ts';

const ROUNDS_MAX = 500;
const SPIN_MAX = 1_000_000;
const SEED_MAX = 2 ** 31;

/** What the gate's own acceptance puts in its way; none of it is in the product. */
export interface Injection {
  /** Repetitions of busy work in the decision on every request, by side. */
  readonly spin: { readonly base: number; readonly head: number };
  /** A busy process on the gateways' core, from half of the first look on. */
  readonly hog: boolean;
}

export interface GateOptions {
  readonly base: string;
  readonly head: string;
  readonly layer: '1' | '2' | 'all';
  readonly scenarios: readonly ScenarioName[];
  readonly looks: readonly number[];
  readonly seed: number;
  /** Where the recording and the verdict go; null for nowhere. */
  readonly json: string | null;
  /** Where head's numbers are appended; null for nowhere. */
  readonly history: string | null;
  /** Do not take older builds away. */
  readonly keep: boolean;
  readonly injection: Injection;
}

/** As commander reads them. */
export interface Flags {
  readonly base?: string;
  readonly head: string;
  readonly layer: '1' | '2' | 'all';
  readonly scenarios?: readonly ScenarioName[];
  readonly roundsMax?: number;
  readonly quick: boolean;
  readonly seed?: number;
  readonly json?: string;
  readonly history?: string;
  readonly keep: boolean;
  readonly inject: Injection;
}

const NO_INJECTION: Injection = { spin: { base: 0, head: 0 }, hog: false };

export function addGateOptions(command: Command): Command {
  return command
    .option('--base <ref>', 'what to compare with: a branch, a tag or a commit')
    .option('--head <ref>', `what is judged; "${WORKTREE}" is this folder as it is`, WORKTREE)
    .addOption(
      new Option('--layer <which>', 'only what is counted (1) or only what is timed (2)')
        .choices(['1', '2', 'all'])
        .default('all'),
    )
    .option('--scenarios <list>', `of ${SCENARIO_NAMES.join(', ')}`, toScenarios)
    .option('--rounds-max <n>', 'rounds after which it ends undecided (default: 48)', toRounds)
    .option('--quick', 'one scenario: about 90 seconds when all is well', false)
    .option('--seed <n>', 'order, arrivals and resampling (default: random, printed)', toSeed)
    .option('--json <file>', 'write everything that was measured and decided')
    .option('--history <file>', 'append the numbers of head to this file, one JSON a line')
    .option('--keep', 'keep builds beyond the usual number', false)
    .addOption(
      new Option('--inject <what>', 'for the acceptance of the gate: head=N, base=N, hog')
        .argParser(toInjection)
        .default(NO_INJECTION)
        .hideHelp(),
    );
}

/** What the flags mean. Throws a usage failure when there is nothing to compare with. */
export function gateOptions(flags: Flags, random: () => number = Math.random): GateOptions {
  const { base, head, layer, keep, quick } = flags;
  if (base === undefined || base === '') {
    throw usageFailure(
      'what to compare with is missing: --base REF (make gate BASE=REF), such as main or $(git merge-base origin/main HEAD)',
    );
  }
  const chosen = flags.scenarios ?? (quick ? ['full' as const] : DEFAULT_SCENARIOS);
  return {
    base,
    head,
    layer,
    scenarios: chosen,
    looks: looksUpTo(flags.roundsMax ?? Math.max(...DEFAULT_DESIGN.looks)),
    seed: flags.seed ?? 1 + Math.floor(random() * (SEED_MAX - 1)),
    json: flags.json ?? null,
    history: flags.history ?? null,
    keep,
    injection: flags.inject,
  };
}

/** The usual looks as far as there are rounds, then every 16 rounds, the last when they end. */
export function looksUpTo(roundsMax: number): number[] {
  const [step = roundsMax] = DEFAULT_DESIGN.looks;
  const looks: number[] = [];
  for (let look = step; look < roundsMax; look += step) looks.push(look);
  return [...looks, roundsMax];
}

function whole(text: string, max: number, what: string): number {
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number < 1 || number > max) {
    throw new InvalidArgumentError(`${what}: a whole number from 1 to ${max}.`);
  }
  return number;
}

function toRounds(text: string): number {
  return whole(text, ROUNDS_MAX, 'Rounds');
}

function toSeed(text: string): number {
  return whole(text, SEED_MAX, 'The seed');
}

function isScenario(name: string): name is ScenarioName {
  return SCENARIO_NAMES.some((known) => known === name);
}

function toScenarios(text: string): ScenarioName[] {
  const names = [...new Set(text.split(',').filter(Boolean))];
  const unknown = names.find((name) => !isScenario(name));
  if (unknown !== undefined || names.length === 0) {
    throw new InvalidArgumentError(
      `"${unknown ?? text}" is no scenario; there are ${SCENARIO_NAMES.join(', ')}.`,
    );
  }
  return names.filter(isScenario);
}

function toInjection(text: string): Injection {
  if (text === 'hog') return { ...NO_INJECTION, hog: true };
  const [, side, count = ''] = /^(base|head)=(\d+)$/.exec(text) ?? [];
  if (side === undefined) throw new InvalidArgumentError('One of head=N, base=N, hog.');
  const spin = { ...NO_INJECTION.spin, [side]: whole(count, SPIN_MAX, 'Repetitions') };
  return { ...NO_INJECTION, spin };
}
