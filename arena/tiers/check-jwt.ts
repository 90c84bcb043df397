/**
 * What tiers with tokens ask: one that is signed, by the right key, and not expired.
 *
 * @module
 */

import { admission, type Asked, type Check, pathTo, unlessStatus } from './check.ts';

async function withToken({ subject, through }: Asked, token: string | null): Promise<number> {
  const { authorization: _, ...others } = admission(subject);
  const headers = token === null ? others : { ...others, authorization: `Bearer ${token}` };
  return (await through.call({ path: pathTo(subject, 'bytes/0'), headers })).status;
}

function unless401(status: number): string {
  return status === 401 ? '' : `expected 401, got ${status}`;
}

const MISSING: Check = {
  name: 'no token is a 401',
  run: async (asked) => unless401(await withToken(asked, null)),
};

const GOOD: Check = {
  name: 'a good token is let in',
  run: async ({ subject, through }) => {
    const headers = admission(subject);
    return unlessStatus(await through.call({ path: pathTo(subject, 'bytes/0'), headers }), 200);
  },
};

export function jwtChecks({ credentials }: Asked['subject']): Check[] {
  const refused = Object.entries(credentials.refused).map(([what, token]) => ({
    name: `a token that is ${what} is a 401`,
    run: async (asked: Asked) => unless401(await withToken(asked, token)),
  }));
  return [MISSING, ...refused, GOOD];
}
