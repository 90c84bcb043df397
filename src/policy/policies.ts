/**
 * Every policy of the configuration, ready to be asked by its name.
 *
 * Bounds: 32 policies; what an evaluation may take is each policy's own.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { BundleEvent } from './bundle/server.ts';
import type { Evaluation } from './decision.ts';
import { failed, messageOf } from './engine.ts';
import type { PolicyInput } from './input.ts';
import { type OpenPolicy, openPolicy, type PolicyCounts } from './policy.ts';

export interface Policies {
  /** Never rejects: what goes wrong is a `failed` evaluation. */
  evaluate(policyName: string, input: PolicyInput): Promise<Evaluation>;
  /** What has been counted, by policy. */
  counts(): ReadonlyMap<string, Readonly<PolicyCounts>>;
  /** What has been counted of a policy since this was asked of it last; null for none of that name. */
  takeCounts(policyName: string): PolicyCounts | null;
  /** Lets what was asked be answered, then ends the threads. */
  close(): Promise<void>;
}

/** A policy asked for its bundle: worth a line in the log unless it is `unchanged`. */
export interface PolicyEvent {
  readonly policy: string;
  readonly bundle: BundleEvent;
}

/**
 * Rejects when a policy can't be loaded, with a sentence that names it; a bundle server that has none
 * is told of by `report`, and asked again.
 */
export async function openPolicies(
  model: Pick<Model, 'policies'>,
  report: (event: PolicyEvent) => void = () => {},
): Promise<Policies> {
  const opening = Object.entries(model.policies).map(
    async ([name, policy]) => [name, await openNamed(name, policy, report)] as const,
  );
  const settled = await Promise.allSettled(opening);
  const opened = new Map(settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  const close = async (): Promise<void> => {
    await Promise.all(Array.from(opened.values(), (policy) => policy.close()));
  };
  const refused = settled.find((one) => one.status === 'rejected');
  if (refused !== undefined) {
    await close();
    throw refused.reason;
  }
  const taken = new Map<string, PolicyCounts>();
  return {
    evaluate: async (policyName, input) =>
      opened.get(policyName)?.evaluate(input) ?? failed('unavailable', `no policy "${policyName}"`),
    counts: () => new Map(Array.from(opened, ([name, { counts }]) => [name, { ...counts }])),
    takeCounts(policyName) {
      const counts = opened.get(policyName)?.counts;
      if (counts === undefined) return null;
      const before = taken.get(policyName);
      taken.set(policyName, { ...counts });
      return before === undefined ? { ...counts } : countsSince(before, counts);
    },
    close,
  };
}

function countsSince(before: PolicyCounts, now: PolicyCounts): PolicyCounts {
  return {
    asked: now.asked - before.asked,
    inline: now.inline - before.inline,
    fellBack: now.fellBack - before.fellBack,
    cacheHits: now.cacheHits - before.cacheHits,
    cacheMisses: now.cacheMisses - before.cacheMisses,
  };
}

async function openNamed(
  name: string,
  policy: Model['policies'][string],
  report: (event: PolicyEvent) => void,
): Promise<OpenPolicy> {
  try {
    return await openPolicy(policy, (bundle) => report({ policy: name, bundle }));
  } catch (cause) {
    throw new Error(`policy "${name}": ${messageOf(cause)}`, { cause });
  }
}
