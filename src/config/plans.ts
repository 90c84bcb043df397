/**
 * What a schema can't see of plans: names that point nowhere, and quotas that can't be told apart.
 *
 * @module
 */

import type { Finding, Path } from './problem.ts';
import type { ValidConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';

export function checkPlans(config: ValidConfig): Finding[] {
  const { plans, tenants, consumers, defaultPlan } = config;
  const named: { readonly path: Path; readonly name: string | null }[] = [
    ...Object.entries(consumers).map(([name, { plan }]) => ({
      path: ['consumers', name, 'plan'],
      name: plan,
    })),
    ...Object.entries(tenants).map(([name, { plan }]) => ({
      path: ['tenants', name, 'plan'],
      name: plan,
    })),
    { path: ['defaultPlan'], name: defaultPlan },
  ];
  const known = Object.keys(plans);
  const unknown = named.flatMap(({ path, name }): Finding[] => {
    if (name === null || Object.hasOwn(plans, name)) return [];
    const hint = known.length === 0 ? ': there are none under plans' : didYouMean(name, known);
    return [{ path, message: `unknown plan "${name}"${hint}` }];
  });
  return [...unknown, ...Object.entries(plans).flatMap(checkQuotas)];
}

/** Callers are told of a quota by plan, period and whom it counts. */
function checkQuotas([name, { quotas }]: [string, ValidConfig['plans'][string]]): Finding[] {
  const first = new Map<string, number>();
  return quotas.flatMap(({ per, by }, index): Finding[] => {
    const earlier = first.get(`${per} ${by}`);
    if (earlier === undefined) {
      first.set(`${per} ${by}`, index);
      return [];
    }
    const message = `quotas[${earlier}] is per ${per} by ${by} already`;
    return [{ path: ['plans', name, 'quotas', index], message }];
  });
}
