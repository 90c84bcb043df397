/**
 * All scenarios, by name.
 *
 * @module
 */

import type { Scenario } from '../plan/schema.ts';
import { churn } from './churn.ts';
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
