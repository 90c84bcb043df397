/**
 * What tiers with API keys ask: without a known one nothing passes, and the upstream never sees it.
 *
 * @module
 */

import { admission, type Check, pathTo, seenIn, unlessStatus } from './check.ts';
import { CALLER, CONSUMERS, keyOf } from './tiers.ts';

/** Belongs to nobody, though it looks like one. */
const UNKNOWN_KEY = keyOf(CONSUMERS.many + 1);

function refused(name: string, key: string | null): Check {
  return {
    name,
    run: async ({ subject, through }) => {
      const { 'x-api-key': _, ...others } = admission(subject);
      const headers = key === null ? others : { ...others, 'x-api-key': key };
      return unlessStatus(await through.call({ path: pathTo(subject, 'bytes/0'), headers }), 401);
    },
  };
}

const ADMITTED: Check = {
  name: 'a known key is let in',
  run: async ({ subject, through }) => {
    const headers = admission(subject);
    return unlessStatus(await through.call({ path: pathTo(subject, 'bytes/0'), headers }), 200);
  },
};

const HIDDEN: Check = {
  name: 'the upstream does not see the key',
  run: async ({ subject, through }) => {
    const headers = admission(subject);
    const seen = seenIn(await through.call({ path: pathTo(subject, 'probe'), headers }));
    const carriers = seen.headers.filter(([, value]) => value.includes(CALLER.key));
    return carriers.map(([name]) => `${name} carries it`).join(', ');
  },
};

export const KEY_CHECKS: readonly Check[] = [
  refused('no key is a 401', null),
  refused('an unknown key is a 401', UNKNOWN_KEY),
  refused('an empty key is a 401', ''),
  ADMITTED,
  HIDDEN,
];
