/**
 * Does a target do a tier's work? It is asked before it is timed; one that does less is not timed.
 *
 * @module
 */

import type { ProbeRecord } from '../results/records.ts';
import { Caller } from './caller.ts';
import type { Asked, Check, Subject } from './check.ts';
import { FULL_CHECKS } from './check-full.ts';
import { jwtChecks } from './check-jwt.ts';
import { KEY_CHECKS } from './check-key.ts';
import { OPA_CHECKS } from './check-opa.ts';
import { passChecks } from './check-pass.ts';
import { ROUTE_CHECKS } from './check-routes.ts';

/** Everything the tier asks of a target that runs. Never rejects: a question without an answer fails. */
export async function probe(subject: Subject): Promise<ProbeRecord> {
  const asked: Asked = {
    subject,
    through: new Caller(subject),
    direct: new Caller(subject.upstream),
  };
  try {
    const checks: ProbeRecord['checks'] = [];
    for (const check of checksOf(subject)) {
      const detail = await faultOf(check, asked);
      checks.push({ name: check.name, passed: detail === '', detail });
    }
    const passed = checks.every((check) => check.passed);
    return { kind: 'probe', target: subject.target, tier: subject.tier, passed, checks };
  } finally {
    asked.through.close();
    asked.direct.close();
  }
}

/** Each tier asks what the ones before it ask, and more. */
function checksOf(subject: Subject): Check[] {
  const { tier } = subject;
  if (tier === 'pass') return passChecks(subject);
  const withKey = [...passChecks(subject), ...KEY_CHECKS];
  if (tier === 'key') return withKey;
  const full = [...withKey, ...FULL_CHECKS];
  if (tier === 'full') return full;
  if (tier === 'routes') return [...full, ...ROUTE_CHECKS];
  const withToken = [...full, ...jwtChecks(subject)];
  return tier === 'opa' ? [...withToken, ...OPA_CHECKS] : withToken;
}

async function faultOf(check: Check, asked: Asked): Promise<string> {
  try {
    return await check.run(asked);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message || 'no answer';
  }
}
