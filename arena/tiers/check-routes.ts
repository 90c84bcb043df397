/**
 * What the tier with many routes and keys asks: each route is a route of its own, which tells the
 * upstream its name in x-route, and what looks like one and isn't is a 404.
 *
 * @module
 */

import { admission, type Check, pathTo, seenIn, unlessStatus, valuesOf } from './check.ts';
import { CONSUMERS, keyOf, ROUTES } from './tiers.ts';

/** The ends, and those that begin like others. */
const ASKED_ROUTES = [0, 1, 12, 123, 500, ROUTES - 1];
const NO_ROUTES = [`${ROUTES}`, '01', '1x', '-1'];

function reached(route: number): Check {
  return {
    name: `route ${route} is taken for /api/r/${route}/`,
    run: async ({ subject, through }) => {
      const headers = { ...admission(subject), 'x-route': 'forged' };
      const seen = seenIn(await through.call({ path: pathTo(subject, 'probe', route), headers }));
      const names = valuesOf(seen, 'x-route');
      return names.join() === `route-${route}` ? '' : `saw x-route "${names.join('", "')}"`;
    },
  };
}

const UNKNOWN: Check = {
  name: 'what looks like a route and is none is a 404',
  run: async ({ subject, through }) => {
    for (const route of NO_ROUTES) {
      const path = `/api/r/${route}/bytes/0`;
      const answer = await through.call({ path, headers: admission(subject) });
      const fault = unlessStatus(answer, 404);
      if (fault !== '') return `${path}: ${fault}`;
    }
    return '';
  },
};

const MANY_KEYS: Check = {
  name: 'the first and the last of 10 000 keys are let in',
  run: async ({ subject, through }) => {
    for (const consumer of [0, CONSUMERS.many - 1]) {
      const headers = { ...admission(subject), 'x-api-key': keyOf(consumer) };
      const seen = seenIn(await through.call({ path: pathTo(subject, 'probe'), headers }));
      const names = valuesOf(seen, 'x-consumer');
      if (names.join() !== `consumer-${consumer}`) return `saw x-consumer "${names.join('", "')}"`;
    }
    return '';
  },
};

export const ROUTE_CHECKS: readonly Check[] = [...ASKED_ROUTES.map(reached), UNKNOWN, MANY_KEYS];
