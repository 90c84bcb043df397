/**
 * Scenarios of a made-up run, the original score's among them: for tests only.
 *
 * @module
 */

import type { ScenarioRecord } from '../results/records.ts';
import { L0, L0_SCENARIOS, l0Figures } from '../score/scenarios.ts';
import type { Random } from '../statistics/random.ts';
import { circumstances, cpuOf, fixtureHistogram, instant, normal } from './fixture-measure.ts';
import type { FixturePlan, FixtureTarget } from './fixture-plan.ts';

/** Figures and histograms of a scenario, about as they come. */
function scenarioFigures(
  scenario: string,
  one: FixtureTarget,
  random: Random,
): Pick<ScenarioRecord, 'figures' | 'histograms'> {
  const histogram = (factor: number, samples: number): string =>
    fixtureHistogram(one.latencyUs * factor, samples, random);
  const near = (value: number): number => Math.round(value * (1 + normal(random) * 0.03));
  switch (scenario) {
    case 'churn':
      return {
        figures: { connectionsPerS: near(260_000 / (one.cpuUs ?? 10)) },
        histograms: { latency: histogram(1.8, 9000) },
      };
    case 'sse':
      return {
        figures: { streams: 1000, eventsLost: 0 },
        histograms: { firstByte: histogram(2.2, 1000), eventDelay: histogram(1.1, 20_000) },
      };
    case 'slow-clients':
      return {
        figures: { slowConnections: 1000, errors: 0 },
        histograms: { latencyBeside: histogram(1.3, 12_000) },
      };
    case 'reload':
      return {
        figures: { errors: one.name === 'caddy' ? near(9) : 0, reloads: 5 },
        histograms: { latency: histogram(1.4, 16_000) },
      };
    case L0:
      return l0Round(one, random);
    default:
      return {
        figures: {
          errorsAfterKill: near(140),
          recoveryMs: near(one.name === 'fastify' ? 2100 : 480),
        },
        histograms: {},
      };
  }
}

/** A round of the original score's scenarios. */
function l0Round(
  one: FixtureTarget,
  random: Random,
): Pick<ScenarioRecord, 'figures' | 'histograms'> {
  const figures: Record<string, number> = {};
  const histograms: Record<string, string> = {};
  for (const scenario of L0_SCENARIOS) {
    figures[l0Figures.due(scenario)] = 1000;
    figures[l0Figures.right(scenario)] = 1000;
    figures[l0Figures.elapsed(scenario)] = 5000;
    histograms[scenario] = fixtureHistogram(one.latencyUs, 1000, random);
  }
  return { figures, histograms };
}

const SCENARIOS = ['churn', 'sse', 'slow-clients', 'reload', 'upstream-kill', L0] as const;

export function scenarioRecords(plan: FixturePlan, random: Random): ScenarioRecord[] {
  const able = plan.targets.filter(
    (one) => one.unavailable === undefined && one.answers404 !== true && one.cpuUs !== null,
  );
  const records: ScenarioRecord[] = [];
  for (const scenario of SCENARIOS) {
    for (let round = 1; round <= Math.min(3, plan.rounds); round += 1) {
      for (const one of able) {
        records.push({
          kind: 'scenario',
          at: instant(plan, 90 + records.length / 4),
          round,
          target: one.name,
          tier: 'pass',
          scenario,
          seconds: 6,
          ...scenarioFigures(scenario, one, random),
          cpuUsPerRequest: cpuOf(plan, one, 'pass', 0) * 1.2,
          memoryPeakBytes: Math.round(one.memoryBytes * 1.3),
          ...circumstances(0, random, true),
        });
      }
    }
  }
  return records;
}
