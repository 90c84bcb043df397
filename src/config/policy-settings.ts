/**
 * What the keys of a policy say of each other, and of the document that it decides on.
 *
 * @module
 */

import type { Finding } from './problem.ts';
import type { ValidConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** A policy is evaluated where it can be, and remembered by members that `input` has. */
export function checkPolicySettings({ policies }: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  for (const [name, { source, evaluate, cache }] of Object.entries(policies)) {
    if (evaluate === 'inline' && source.opa !== null) {
      const message = 'a running OPA evaluates by itself, never inline: leave this out';
      findings.push({ path: ['policies', name, 'evaluate'], message });
    }
    for (const [index, member] of (cache?.dependsOn ?? []).entries()) {
      const message = problemOfMember(member);
      const path = ['policies', name, 'cache', 'dependsOn', index];
      if (message !== null) findings.push({ path, message });
    }
  }
  return findings;
}

const INPUT_MEMBERS: Readonly<Record<string, readonly string[] | null>> = {
  request: ['method', 'scheme', 'host', 'path', 'segments', 'query', 'headers', 'body'],
  route: ['name'],
  consumer: ['name'],
  tenant: [],
  plan: [],
  claims: null,
  client: ['ip', 'certificate'],
};

/** Null, or why decisions can't depend on `member`. */
function problemOfMember(member: string): string | null {
  const [first = '', second, ...rest] = member.split('.');
  const roots = Object.keys(INPUT_MEMBERS);
  if (!roots.includes(first)) return `input has no ${first}${didYouMean(first, roots)}`;
  if (member === 'request' || member === 'request.id') {
    return 'request.id is another one in every request: name the members of request that count';
  }
  const below = INPUT_MEMBERS[first];
  if (below == null || second === undefined) return null;
  if (!below.includes(second)) {
    return `input.${first} has no ${second}${didYouMean(second, below)}`;
  }
  const header = second === 'headers' ? rest.join('.') : '';
  return header === header.toLowerCase() ? null : 'names of headers are in lower case in input';
}
