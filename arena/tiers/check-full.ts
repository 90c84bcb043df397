/**
 * What the whole job asks: headers rewritten whatever the client says, a request id in both
 * directions, forwarding headers, and a rate limit by consumer.
 *
 * @module
 */

import { isIP } from 'node:net';

import { admission, type Asked, type Check, pathTo, type Seen, seenIn, valuesOf } from './check.ts';
import { CALLER, keyOf } from './tiers.ts';

const FORGED = { 'x-tenant': 'forged', 'x-consumer': 'forged', 'x-debug': '1' } as const;
const REQUEST_ID_MIN_CHARS = 16;

/** More than the limit of 5 lets through, whatever the algorithm. */
const LIMITED_CALLS = 8;
const ALLOWED_MIN = 4;
const ALLOWED_MAX = 6;
/** Neither is the one that the load comes from. */
const LIMITED_CONSUMER = 501;
const OTHER_CONSUMER = 502;

async function seenOf({ subject, through }: Asked): Promise<{ seen: Seen; answered: string }> {
  const headers = { ...admission(subject), ...FORGED };
  const answer = await through.call({ path: pathTo(subject, 'probe'), headers });
  return { seen: seenIn(answer), answered: String(answer.headers['x-request-id'] ?? '') };
}

function rewritten(name: 'x-consumer' | 'x-tenant', expected: string): Check {
  return {
    name: `${name} is the caller's, whatever the client says`,
    run: async (asked) => {
      const values = valuesOf((await seenOf(asked)).seen, name);
      return values.length === 1 && values[0] === expected ? '' : `saw ${shown(values)}`;
    },
  };
}

const REMOVED: Check = {
  name: 'x-debug is taken out',
  run: async (asked) => {
    const values = valuesOf((await seenOf(asked)).seen, 'x-debug').filter((value) => value !== '');
    return values.length === 0 ? '' : `saw ${shown(values)}`;
  },
};

const REQUEST_ID: Check = {
  name: 'x-request-id goes to the upstream and comes back the same',
  run: async (asked) => {
    const { seen, answered } = await seenOf(asked);
    const [id = ''] = valuesOf(seen, 'x-request-id');
    if (id.length < REQUEST_ID_MIN_CHARS) return `the upstream saw "${id}"`;
    const next = valuesOf((await seenOf(asked)).seen, 'x-request-id');
    if (next.includes(id)) return 'two requests have the same';
    return answered === id ? '' : `the upstream saw "${id}", the client "${answered}"`;
  },
};

const FORWARDED: Check = {
  name: 'X-Forwarded-For, -Proto and -Host tell of the client',
  run: async (asked) => {
    const { seen } = await seenOf(asked);
    const [addresses, schemes, hosts] = ['for', 'proto', 'host'].map((part) =>
      valuesOf(seen, `x-forwarded-${part}`),
    );
    const faults = [
      // Some gateways give their own address for a client on the loopback interface.
      addresses?.length === 1 && isIP(addresses[0] ?? '') ? '' : `for: ${shown(addresses)}`,
      schemes?.join() === 'http' ? '' : `proto: ${shown(schemes)}`,
      hosts?.length === 1 && hosts[0]?.startsWith(asked.subject.host)
        ? ''
        : `host: ${shown(hosts)}`,
    ];
    return faults.filter((fault) => fault !== '').join(', ');
  },
};

const LIMITED: Check = {
  name: 'a limit of 5 is kept, for each consumer alone',
  run: async (asked) => {
    let allowed = 0;
    for (let i = 0; i < LIMITED_CALLS; i += 1) {
      const status = await limitedStatus(asked, LIMITED_CONSUMER);
      if (status === 200) allowed += 1;
      else if (status !== 429) return `a request over the limit is a ${status}`;
    }
    if (allowed < ALLOWED_MIN || allowed > ALLOWED_MAX) {
      return `${allowed} of ${LIMITED_CALLS} were let through`;
    }
    const other = await limitedStatus(asked, OTHER_CONSUMER);
    return other === 200 ? '' : `the limit of one consumer is a ${other} for another`;
  },
};

async function limitedStatus({ subject, through }: Asked, consumer: number): Promise<number> {
  const headers = { ...admission(subject), 'x-api-key': keyOf(consumer) };
  return (await through.call({ path: '/limited/bytes/0', headers })).status;
}

function shown(values: readonly string[] | undefined): string {
  return values === undefined || values.length === 0 ? 'nothing' : `"${values.join('", "')}"`;
}

export const FULL_CHECKS: readonly Check[] = [
  rewritten('x-consumer', CALLER.consumer),
  rewritten('x-tenant', CALLER.tenant),
  REMOVED,
  REQUEST_ID,
  FORWARDED,
  LIMITED,
];
