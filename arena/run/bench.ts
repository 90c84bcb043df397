/**
 * What everything in a run shares: the plan, who makes the load, where results go, when to stop.
 *
 * @module
 */

import type { RunningTarget, Target } from '../adapters/target.ts';
import type { LoadStage } from '../load/driver.ts';
import type { Plan } from '../plan/schema.ts';
import type { ProbeRecord, ResultRecord } from '../results/records.ts';
import type { MortalUpstream } from '../scenarios/scenario.ts';
import type { Tier } from '../tiers/tiers.ts';
import type { Capacities } from './capacity.ts';
import type { Progress } from './progress.ts';

/** Something that answers behind the targets. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

export interface Bench {
  readonly plan: Plan;
  /** Who makes the load, and what stands behind the targets, on the cores of the load. */
  readonly station: LoadStage;
  readonly startUpstream: () => Promise<MortalUpstream>;
  readonly probe: (target: Target, running: RunningTarget, tier: Tier) => Promise<ProbeRecord>;
  /** A JWT that tiers with one accept, for as long as a run may take. */
  readonly token: string;
  readonly capacities: Capacities;
  /** Requests a second that the upstream answers without a gateway, by size of the body. */
  readonly baselines: Map<number, number>;
  readonly write: (record: ResultRecord) => void;
  readonly progress: Progress;
  /** Ends the run as soon as what was begun is cleared away. */
  readonly signal: AbortSignal;
  /** For what targets write; is removed with the run. */
  readonly folder: string;
}
