/**
 * All scenarios, by name, and what a plan has of them for a target.
 *
 * @module
 */

import type { Plan, Scenario } from '../plan/schema.ts';
import { churn } from './churn.ts';
import { l0Play } from './l0.ts';
import { reload } from './reload.ts';
import type { ScenarioPlay } from './scenario.ts';
import { slowClients } from './slow-clients.ts';
import { sse } from './sse.ts';
import { upstreamKill } from './upstream-kill.ts';
import { websocket } from './websocket.ts';

export const SCENARIO_PLAYS: Readonly<Record<Scenario, ScenarioPlay>> = {
  churn,
  sse,
  websocket,
  'slow-clients': slowClients,
  reload,
  'upstream-kill': upstreamKill,
};

/** Scenarios that a target says it offers, and scores, which every target is put to. */
export function playsOf(
  { scenarios, scores, scoreShare }: Pick<Plan, 'scenarios' | 'scores' | 'scoreShare'>,
  capabilities: readonly string[],
): ScenarioPlay[] {
  const offered = scenarios.filter((name) => capabilities.includes(name));
  return [...offered.map((name) => SCENARIO_PLAYS[name]), ...scores.map(() => l0Play(scoreShare))];
}
