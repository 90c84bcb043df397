/**
 * What the tier with a policy asks: OPA decides, and its policy forbids what is under
 * `/api/forbidden/` to everybody.
 *
 * @module
 */

import { admission, type Check, unlessStatus } from './check.ts';

export const OPA_CHECKS: readonly Check[] = [
  {
    name: 'what the policy forbids is a 403',
    run: async ({ subject, through }) => {
      const headers = admission(subject);
      return unlessStatus(await through.call({ path: '/api/forbidden/bytes/0', headers }), 403);
    },
  },
];
