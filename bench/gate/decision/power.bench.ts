/**
 * Writes bench/gate/POWER.md: how often the gate decides what, simulated, over effects, noise and rules.
 *
 * `node dist/bench/gate/decision/power.bench.js --runs 100`; the same for the same number of runs.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { suspects, reproduced } from './reproduce.ts';
import { decideInLooks } from './sequence.ts';
import { NOISES, type Scene, syntheticRounds } from './synthetic.ts';
import type { GateDesign, GateInput, GateRound, Outcome } from './verdict.ts';

const FILE = join(import.meta.dirname, '../../../../bench/gate/POWER.md');
const SCENARIOS = 2;
/** Enough for the levels in question; the gate itself takes 10 000. */
const RESAMPLES = 300;

interface Question {
  readonly noise: Scene['noise'];
  readonly deviation: number;
  readonly effect: number;
  readonly design?: Partial<GateDesign>;
  /** How rounds are given to the gate; as they are unless told. */
  readonly given?: (round: GateRound) => GateRound;
  /** Whether a regression is repeated. */
  readonly repeat?: boolean;
}

interface Shares extends Record<Outcome, number> {
  readonly improvement: number;
  readonly twice: number;
  readonly rounds: number;
}

function ask(question: Question, runs: number): Shares {
  const found = {
    pass: 0,
    regress: 0,
    inconclusive: 0,
    void: 0,
    improvement: 0,
    twice: 0,
    rounds: 0,
  };
  for (let run = 0; run < runs; run += 1) {
    const verdict = decideInLooks(inputOf(question, 2 * run));
    found[verdict.outcome] += 1 / runs;
    found.improvement += Number(verdict.improvement) / runs;
    found.rounds += (verdict.looks[verdict.look - 1] ?? 0) / runs;
    if (verdict.outcome === 'regress' && question.repeat === true) {
      const only = suspects(verdict);
      const second = decideInLooks({ ...inputOf(question, 2 * run + 1), only });
      found.twice += Number(reproduced(verdict, second).outcome === 'regress') / runs;
    }
  }
  return found;
}

function inputOf({ noise, deviation, effect, design, given }: Question, seed: number): GateInput {
  const looks = design?.looks ?? [16, 32, 48];
  const rounds = looks.at(-1) ?? 0;
  const scene = { seed: seed * 7919 + 1, noise, deviation, effect, rounds, scenarios: SCENARIOS };
  const made = syntheticRounds(scene);
  return {
    seed,
    rounds: given === undefined ? made : made.map(given),
    design: { resamples: RESAMPLES, ...design },
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The documented rule asks the lower bound to exceed the margin itself. */
const STRICT: Partial<GateDesign> = { harmlessShare: 1 };

function rulesTable(runs: number): string {
  const rows = [0.01, 0.02, 0.03, 0.04].flatMap((deviation) =>
    [0, 0.01, 0.02, 0.03, 0.05, -0.1].map((effect) => {
      const question: Question = { noise: 'normal', deviation, effect };
      const ours = ask({ ...question, repeat: true }, runs);
      const strict = ask({ ...question, design: STRICT }, runs);
      return [
        percent(deviation),
        `${effect > 0 ? '+' : ''}${percent(effect)}`,
        percent(strict.regress),
        percent(ours.regress),
        percent(ours.twice),
        percent(ours.pass),
        percent(ours.improvement),
        percent(ours.inconclusive),
        percent(ours.void),
        ours.rounds.toFixed(0),
      ];
    }),
  );
  const head = ['s', 'effect', 'red, low > margin', 'red', 'red twice', 'pass'];
  return table([...head, 'improvement', 'inconclusive', 'void', 'rounds'], rows);
}

function sharesTable(runs: number): string {
  const rows = [0.04, 0.06].flatMap((deviation) =>
    [0.02, 0.03, 0.05].map((effect) => [
      percent(deviation),
      `+${percent(effect)}`,
      ...[1 / 3, 1 / 2, 2 / 3].map((harmlessShare) => {
        const { regress, rounds } = ask(
          { noise: 'normal', deviation, effect, design: { harmlessShare } },
          runs,
        );
        return `${percent(regress)} in ${rounds.toFixed(0)}`;
      }),
    ]),
  );
  return table(['s', 'effect', 'a third', 'a half', 'two thirds'], rows);
}

/** The second base block is replaced by the first: then their mean is one block. */
function single(round: GateRound): GateRound {
  return { ...round, a2: round.a };
}

function basesTable(runs: number): string {
  const rows = [0.03, 0.04, 0.05, 0.06].map((deviation) => {
    const question: Question = { noise: 'normal', deviation, effect: 0.05 };
    const [both, one] = [ask(question, runs), ask({ ...question, given: single }, runs)];
    const strict = { ...question, design: STRICT };
    return [
      percent(deviation),
      `${percent(one.regress)} in ${one.rounds.toFixed(0)}`,
      `${percent(both.regress)} in ${both.rounds.toFixed(0)}`,
      percent(ask({ ...strict, given: single }, runs).regress),
      percent(ask(strict, runs).regress),
    ];
  });
  const head = ['s', 'one base block', 'mean of both', 'one, low > margin'];
  return table([...head, 'both, low > margin'], rows);
}

function controlTable(runs: number): string {
  const sizeOnly: Partial<GateDesign> = { controlAlpha: Number.POSITIVE_INFINITY };
  const rows = [0.01, 0.02, 0.03, 0.04].map((deviation) => {
    const question: Question = { noise: 'normal', deviation, effect: 0 };
    const bySize = ask({ ...question, design: sizeOnly }, runs);
    return [percent(deviation), percent(bySize.void), percent(ask(question, runs).void)];
  });
  return table(['s', 'void by size alone', 'void by size and proof'], rows);
}

function noisesTable(runs: number): string {
  const rows = NOISES.flatMap((noise) =>
    [0.02, 0.03].map((deviation) => {
      const even = ask({ noise, deviation, effect: 0, repeat: true }, runs);
      const slower = ask({ noise, deviation, effect: 0.05 }, runs);
      return [
        noise,
        percent(deviation),
        percent(even.regress),
        percent(even.twice),
        percent(even.pass),
        percent(even.inconclusive),
        percent(even.void),
        percent(slower.regress),
        percent(slower.void),
      ];
    }),
  );
  const head = ['noise', 's', 'A/A red', 'red twice', 'A/A pass', 'A/A inconclusive', 'A/A void'];
  return table([...head, '+5 % red', '+5 % void'], rows);
}

function page(runs: number): string {
  return `# What the gate's numbers buy

Written by \`make gate-power\`: ${runs} simulated runs a row, so a share of a few percent is certain to
about ±${percent(1.96 * Math.sqrt((0.05 * 0.95) / runs))}. ${SCENARIOS} scenarios with three metrics each are ${SCENARIOS * 3} cells, looks after 16, 32 and 48 rounds.
*s* is the deviation of CPU per request from block to block; p50 varies by 1.5 s, p99 by 4 s. An effect
is on the CPU of both scenarios, half of it on p50 and p99. Everything here is simulated: what real runs did is in ACCEPTANCE.md.
Rows share their seeds, which makes them comparable: the two or three void runs are the same in most of them.

## The rule

Red asks for two things: the lower bound is above half the margin (1.5 % of 3 %), and the estimate is above the
margin. The textbook's rule (lower bound above the margin itself, third column) has 1.9 % of room for an effect of
5 %, and so needs 48 rounds where blocks vary by 3 %, and more than 48 at 4 %. Ours has 3.4 % of room for the bound,
and still turns red for a harmless change (up to half a margin) no more often than alpha allows. The price is told,
too: an effect *at* the margin is red more often than not, because some cell's estimate will be above it at some
look. "Red twice" is what blocks: the repetition, with another seed, decides only what the first run called red.

${rulesTable(runs)}

Why half: red, and rounds on average, when the lower bound must be above so much of the margin. A third finds no more
at the 2 to 4 % that a quiet machine has, and is red for +2 % too often; two thirds miss +5 % where it is noisier.

${sharesTable(runs)}

## Two blocks of base

Head is compared with the mean of both base blocks of its round (on a logarithmic scale). The ratio then varies by
s·√1.5 instead of s·√2, and what is left is independent of the control. "in" gives the rounds it took on average.

${basesTable(runs)}

## The control

"Void when base again differs from base by more than half a margin" would void sound runs in noise, because the
first look's estimate is off by that much by chance. Ours also wants proof that the two differ, at 1 % over all
looks and cells.

${controlTable(runs)}

## Kinds of noise

The hog starts in the middle of 48 rounds: a run that is decided before does not notice it. \`luck\` stands for what
a program's layout in memory costs until it is started again.

${noisesTable(runs)}

## What follows

- Fixed work in short blocks, back to back within a round, keeps s at 2 to 3 %: there 16 to 32 rounds decide.
- Rounds are dropped whole when a guard speaks, so base and head lose the same ones; above 20 % the run is void.
- Programs are to be started again at least every 5 rounds: luck that lasts a whole run looks like an effect.
- Beyond s = 6 % more rounds are needed than a gate has time for: quieten the machine instead.
`;
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100' } } });
writeFileSync(FILE, page(Number(values.runs)));
