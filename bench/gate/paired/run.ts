/**
 * The paired run: base, head and base again take turns, round by round, until the decision is final.
 *
 * Each round measures every scenario, and in each the three sides right after one another, in an
 * order drawn from the seed. All three see the same arrivals. Processes are started anew every
 * `ROUNDS_PER_START` rounds, since layout and compiler luck of a process last as long as it does.
 *
 * @module
 */

import type { Service } from '../../../arena/adapters/processes.ts';
import type { LoadStage } from '../../../arena/load/driver.ts';
import { takesPrecedence } from '../../../arena/load/program.ts';
import { type Random, seeded, shuffled } from '../../../arena/statistics/random.ts';
import type { Build } from '../builds/builds.ts';
import { decide } from '../decision/decide.ts';
import type { Cell, GateDesign, GateRound, Verdict } from '../decision/verdict.ts';
import { assertDoTheJob, type Side, type SideName, SIDES, startSide } from '../side.ts';
import { openFolder } from '../side-folder.ts';
import { type MeasuredBlock, measureBlock } from './block.ts';
import { type ScenarioName, scenarioOf } from './scenarios.ts';
import { capacityOf, warmUp } from './warm-up.ts';

const ROUNDS_PER_START = 5;
/** Share of base's capacity that blocks are measured at. */
const RATE_SHARE = 0.4;
const SEED_MAX = 2 ** 32;

/** A round as it goes into the file of results. */
export interface MeasuredRound extends GateRound {
  readonly a: MeasuredBlock;
  readonly b: MeasuredBlock;
  readonly a2: MeasuredBlock;
}

/** One paired run, whole: the decision can be made again from it. */
export interface PairedRun {
  readonly seed: number;
  readonly looks: readonly number[];
  /** What is decided, in a repetition; everything otherwise. */
  readonly only: readonly Cell[] | null;
  /** Requests a second by scenario. */
  readonly rates: Readonly<Record<string, number>>;
  readonly rounds: readonly MeasuredRound[];
}

export interface PairedPlan {
  readonly station: LoadStage;
  readonly base: Build;
  readonly head: Build;
  readonly scenarios: readonly ScenarioName[];
  readonly seed: number;
  readonly looks: readonly number[];
  readonly only: readonly Cell[] | null;
}

/** What is told while a run goes on. */
export interface RunWatch {
  /** What is done now. */
  readonly now: (what: string) => void;
  /** A round of so many at the most is measured, and took so long. */
  readonly round: (round: number, of: number) => void;
  readonly note: (what: string) => void;
}

/** The decision on a run, as it was made when it ended; the same again for the same run. */
export function verdictOf(run: PairedRun): Verdict {
  const design: Partial<GateDesign> = { looks: run.looks };
  const { seed, rounds, only } = run;
  return decide({ seed, rounds, design, ...(only === null ? {} : { only }) });
}

/** Measures until the decision is final. Rejects when a side can't be started or does not work. */
export async function runPaired(plan: PairedPlan, watch: RunWatch): Promise<PairedRun> {
  if (!takesPrecedence()) {
    watch.note(
      'no right to real-time priority (root, CAP_SYS_NICE): others may make the load late',
    );
  }
  const scene = new Scene(plan, watch);
  try {
    return await measureRounds(plan, scene, watch);
  } finally {
    await scene.stop();
  }
}

async function measureRounds(
  { scenarios, seed, looks, only }: PairedPlan,
  scene: Scene,
  watch: RunWatch,
): Promise<PairedRun> {
  const random = seeded(seed);
  const rounds: MeasuredRound[] = [];
  let rates: Readonly<Record<string, number>> = {};
  for (const look of looks) {
    while (rounds.length < look * scenarios.length) {
      const round = rounds.length / scenarios.length + 1;
      if ((round - 1) % ROUNDS_PER_START === 0) await scene.restart();
      if (round === 1) {
        await scene.assertDoTheJob();
        rates = await scene.findRates();
      }
      for (const scenario of shuffled(scenarios, random)) {
        watch.now(`round ${round} of at most ${looks.at(-1)}: ${scenario}`);
        rounds.push(await scene.measure(round, scenario, rates[scenario] ?? 1, random));
      }
      watch.round(round, looks.at(-1) ?? round);
    }
    const verdict = verdictOf({ seed, looks, only, rates, rounds });
    watch.note(`after ${look} rounds: ${verdict.outcome} (${verdict.reasons.join('; ')})`);
    if (verdict.final || verdict.outcome !== 'inconclusive') break;
  }
  return { seed, looks, only, rates, rounds };
}

/** The three sides as processes, alive side by side; one works at a time. */
class Scene {
  readonly #plan: PairedPlan;
  readonly #folder = openFolder();
  readonly #watch: RunWatch;
  #sides: ReadonlyMap<SideName, Side> = new Map();

  constructor(plan: PairedPlan, watch: RunWatch) {
    this.#plan = plan;
    this.#watch = watch;
  }

  /** New processes, warm. */
  async restart(): Promise<void> {
    await this.stop();
    const { base, head, station, scenarios } = this.#plan;
    const { driver, upstream } = station;
    const folder = this.#folder;
    this.#watch.now('starting base, head and base again');
    const sides = new Map<SideName, Side>();
    this.#sides = sides;
    for (const name of SIDES) {
      const build = name === 'head' ? head : base;
      sides.set(name, await startSide({ name, build, folder, upstream }));
    }
    for (const scenario of scenarios) {
      this.#watch.now(`warming up: ${scenario}`);
      for (const side of sides.values()) await warmUp({ driver, side, scenario });
    }
  }

  /** Rejects when a side does less than the job: it would be timed as a fast one. */
  async assertDoTheJob(): Promise<void> {
    this.#watch.now('asking whether they do the job');
    const fronts = new Set(this.#plan.scenarios.map((name) => scenarioOf(name).front));
    await assertDoTheJob([...this.#sides.values()], [...fronts]);
  }

  /** Share of base's capacity, by scenario. */
  async findRates(): Promise<Readonly<Record<string, number>>> {
    const { station, scenarios } = this.#plan;
    const { driver } = station;
    const rates: Record<string, number> = {};
    for (const scenario of scenarios) {
      this.#watch.now(`finding the capacity of base: ${scenario}`);
      const capacity = await capacityOf({ driver, side: this.#side('base'), scenario });
      rates[scenario] = Math.round(capacity * RATE_SHARE);
      const shown = `${Math.round(capacity)} requests/s, measured at ${rates[scenario]}`;
      this.#watch.note(`${scenario} (${scenarioOf(scenario).title}): base takes ${shown}`);
    }
    return rates;
  }

  async measure(
    round: number,
    scenario: ScenarioName,
    ratePerS: number,
    random: Random,
  ): Promise<MeasuredRound> {
    const blocks = new Map<SideName, MeasuredBlock>();
    const seed = Math.floor(random() * SEED_MAX);
    const { driver } = this.#plan.station;
    for (const name of shuffled(SIDES, random)) {
      const side = this.#side(name);
      const turn = blocks.size + 1;
      blocks.set(name, await measureBlock({ driver, side, scenario, ratePerS, seed, turn }));
    }
    const [a, b, a2] = SIDES.map((name) => blocks.get(name) as MeasuredBlock);
    return {
      round,
      scenario,
      a: a as MeasuredBlock,
      b: b as MeasuredBlock,
      a2: a2 as MeasuredBlock,
    };
  }

  #side(name: SideName): Side {
    const side = this.#sides.get(name);
    if (side === undefined) throw new Error(`${name} is not running`);
    return side;
  }

  async stop(): Promise<void> {
    const services: Service[] = [...this.#sides.values()].map(({ service }) => service);
    this.#sides = new Map();
    await Promise.all(services.map((service) => service.stop()));
  }
}
