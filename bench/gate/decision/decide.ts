/**
 * The gate's decision: a pure function from measured rounds to a verdict, the same for the same input.
 *
 * Two errors are held at alpha over all looks and cells. Calling a harmless change a regression: Holm's
 * step-down over cells. Passing a change that is worse than a margin: every cell must pass on its own, which
 * needs no adjustment (Berger 1982). Looks spend alpha by O'Brien and Fleming. A regression is also
 * worse than the margin by best estimate: proof alone would turn red for what the margin allows.
 *
 * @module
 */

import { type HolmStep, holm } from '../../../arena/statistics/holm.ts';
import { obrienFlemingLevels } from '../../../arena/statistics/spending.ts';
import { biasOf } from './control.ts';
import { type Counted, countedRounds } from './counted.ts';
import { DEFAULT_DESIGN } from './design.ts';
import { conservativeBounds, type Evidence, evidenceOf, pBeyond } from './effect.ts';
import { passReasons, regressReasons, undecidedReasons, voidReasons } from './reasons.ts';
import {
  type Cell,
  type CellVerdict,
  type ControlVerdict,
  type GateDesign,
  type GateInput,
  METRICS,
  type Outcome,
  type Verdict,
} from './verdict.ts';

const EXIT_CODES = { pass: 0, regress: 1, inconclusive: 75, void: 78 } as const;

/**
 * Decides with the rounds of the last look that is reached; rounds after it wait for the next look, so
 * deciding more often changes nothing. Throws when a round is given twice or looks don't ascend.
 */
export function decide(input: GateInput): Verdict {
  const design = { ...DEFAULT_DESIGN, ...input.design };
  const levels = obrienFlemingLevels(design.looks, design.alpha);
  const numbers = [...new Set(input.rounds.map(({ round }) => round))].toSorted((x, y) => x - y);
  const look = design.looks.filter((count) => count <= numbers.length).length;
  const last = numbers[(design.looks[look - 1] ?? numbers.length) - 1] ?? 0;
  const counted = countedRounds(
    input.rounds.filter(({ round }) => round <= last),
    design,
  );
  const answer = verdictOf({ input, design, look, counted, rounds: numbers.length });
  const broken = voidReasons(counted, design, []);
  if (broken.length > 0) return answer('void', broken, []);
  if (look === 0) {
    return answer('inconclusive', [`${numbers.length} of ${design.looks[0]} rounds are there`], []);
  }
  const cells = cellsOf(input, counted, design, levels[look - 1]?.nominal ?? 0);
  const biased = voidReasons(counted, design, cells);
  if (biased.length > 0) return answer('void', biased, cells);
  if (cells.some(({ outcome }) => outcome === 'regress')) {
    return answer('regress', regressReasons(cells), cells);
  }
  if (cells.length > 0 && cells.every(({ outcome }) => outcome === 'pass')) {
    return answer('pass', passReasons(cells), cells);
  }
  return answer('inconclusive', undecidedReasons(cells), cells);
}

interface Progress {
  readonly input: GateInput;
  readonly design: GateDesign;
  readonly look: number;
  readonly counted: Counted;
  readonly rounds: number;
}

function verdictOf({ input, design, look, counted, rounds }: Progress) {
  return (outcome: Outcome, reasons: string[], cells: CellVerdict[]): Verdict => {
    const next = outcome === 'inconclusive' ? (design.looks[look] ?? null) : null;
    const unharmed = outcome === 'pass' || outcome === 'inconclusive';
    return {
      outcome,
      improvement: unharmed && cells.some(({ improvement }) => improvement),
      exitCode: EXIT_CODES[outcome],
      final: next === null,
      nextLook: next,
      reasons,
      seed: input.seed,
      rounds,
      lost: counted.lost,
      look,
      looks: design.looks,
      cells,
    };
  };
}

function cellsOf(
  { seed, only }: GateInput,
  { scenarios }: Counted,
  design: GateDesign,
  level: number,
): CellVerdict[] {
  const evidence = [...scenarios].flatMap(([scenario, rounds]) =>
    METRICS.filter((metric) => rounds.length > 0 && isWanted(only, { scenario, metric })).map(
      (metric) => evidenceOf({ scenario, metric }, rounds, { seed, resamples: design.resamples }),
    ),
  );
  const worse = holm(
    evidence.map((one) => pBeyond(one.logs, logOf(one, design).harmless, 'greater')),
  );
  const better = holm(
    evidence.map((one) => pBeyond(one.logs, logOf(one, design).harmless, 'less')),
  );
  const controls = biasOf(evidence, design);
  return evidence.map((one, at) =>
    cellVerdict(one, design, {
      level,
      worse: worse[at] as HolmStep,
      better: better[at] as HolmStep,
      control: controls[at] as ControlVerdict,
    }),
  );
}

function isWanted(only: readonly Cell[] | undefined, { scenario, metric }: Cell): boolean {
  return only?.some((one) => one.scenario === scenario && one.metric === metric) ?? true;
}

interface LogLimits {
  readonly margin: number;
  readonly harmless: number;
}

/** Margin and harmless part of it as logarithms, so that better and worse mirror each other. */
function logOf({ metric }: Cell, { margins, harmlessShare }: GateDesign): LogLimits {
  const margin = margins[metric];
  return { margin: Math.log1p(margin), harmless: Math.log1p(margin * harmlessShare) };
}

interface Levels {
  readonly level: number;
  readonly worse: HolmStep;
  readonly better: HolmStep;
  readonly control: ControlVerdict;
}

function cellVerdict(one: Evidence, design: GateDesign, levels: Levels): CellVerdict {
  const { margin, harmless } = logOf(one, design);
  const { estimate } = one.resampled;
  const alpha = levels.level / levels.worse.divisor;
  const { low } = conservativeBounds(one, alpha);
  const { high } = conservativeBounds(one, levels.level);
  const better = conservativeBounds(one, levels.level / levels.better.divisor);
  const regressed = levels.worse.adjusted <= levels.level && low > harmless && estimate > margin;
  const improved =
    levels.better.adjusted <= levels.level && better.high < -harmless && estimate < -margin;
  return {
    scenario: one.scenario,
    metric: one.metric,
    outcome: regressed ? 'regress' : high < margin ? 'pass' : 'inconclusive',
    improvement: improved,
    estimate: Math.expm1(estimate),
    low: Math.expm1(low),
    high: Math.expm1(high),
    margin: design.margins[one.metric],
    harmless: design.margins[one.metric] * design.harmlessShare,
    p: pBeyond(one.logs, harmless, 'greater'),
    n: one.logs.length,
    alpha,
    alphaPass: levels.level,
    base: one.base,
    head: one.head,
    control: levels.control,
  };
}
