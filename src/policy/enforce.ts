/**
 * What becomes of a request, given its policy's evaluation and what the route wants of it.
 *
 * Fails closed: a failure denies unless the route or the policy says `onFailure: allow`; so does an
 * obligation that whoever enforces does not know. A dry run admits everybody, and changes nothing.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import { type Evaluation, type PolicyDecision, plainDecision } from './decision.ts';
import { type Failure, failed } from './engine.ts';

export interface Enforcement {
  readonly onFailure: 'deny' | 'allow';
  readonly dryRun: boolean;
  /** Names of obligations that are met when a decision has them. */
  readonly obligations: ReadonlySet<string>;
}

/**
 * `failed_open` and `failed_closed` are worth an alarm; `would_deny` is a dry run's, for a denial
 * and for a failure alike.
 */
export type Effect = 'allowed' | 'denied' | 'failed_open' | 'failed_closed' | 'would_deny';

export interface Verdict {
  readonly admit: boolean;
  readonly effect: Effect;
  /** What is to be carried out: plain wherever the policy's own is not. */
  readonly decision: PolicyDecision;
  /** What the policy said, for the log; null when it said nothing. */
  readonly said: PolicyDecision | null;
  readonly failure: Failure | null;
}

/** The policy's own settings, under those of the route. */
export function enforcementOf(
  policy: Pick<Model['policies'][string], 'onFailure' | 'dryRun'>,
  route: NonNullable<Model['routes'][number]['policy']>,
  obligations: ReadonlySet<string> = new Set(),
): Enforcement {
  return {
    onFailure: route.onFailure ?? policy.onFailure,
    dryRun: route.dryRun ?? policy.dryRun,
    obligations,
  };
}

export function enforce(evaluation: Evaluation, enforcement: Enforcement): Verdict {
  const met = withKnownObligations(evaluation, enforcement.obligations);
  const failure = met.kind === 'failed' ? met : null;
  const said = evaluation.kind === 'decided' ? evaluation.decision : null;
  const admit = met.kind === 'decided' ? met.decision.allow : enforcement.onFailure === 'allow';
  if (enforcement.dryRun) {
    const effect = admit && failure === null ? 'allowed' : admit ? 'failed_open' : 'would_deny';
    return { admit: true, effect, decision: plainDecision(true), said, failure };
  }
  if (met.kind === 'failed') {
    const effect = admit ? 'failed_open' : 'failed_closed';
    return { admit, effect, decision: plainDecision(admit), said, failure };
  }
  return { admit, effect: admit ? 'allowed' : 'denied', decision: met.decision, said, failure };
}

/** A denial stands whatever it obliges to. */
function withKnownObligations(evaluation: Evaluation, known: ReadonlySet<string>): Evaluation {
  if (evaluation.kind === 'failed' || !evaluation.decision.allow) return evaluation;
  const unknown = Object.keys(evaluation.decision.obligations).find((name) => !known.has(name));
  if (unknown === undefined) return evaluation;
  return failed('error', `obligation "${unknown.slice(0, 64)}" cannot be met`);
}
