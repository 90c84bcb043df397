/**
 * What every tier asks: requests and answers pass whole, connections stay, other paths don't pass.
 *
 * @module
 */

import { type Asked, admission, type Check, pathTo, seenIn, unlessStatus } from './check.ts';

const SIZES_BYTES = [0, 1024, 65_536] as const;
/** A pool may hold several connections: one of them must come again within so many requests. */
const REUSE_CALLS = 8;

function bodyOf(bytes: number): Check {
  return {
    name: `a body of ${bytes} bytes arrives whole`,
    run: async ({ subject, through, direct }) => {
      const job = `bytes/${bytes}`;
      const headers = admission(subject);
      const answer = await through.call({ path: pathTo(subject, job), headers });
      const expected = await direct.call({ path: `/api/${job}` });
      const fault = unlessStatus(answer, 200) || unlessStatus(expected, 200);
      if (fault !== '') return fault;
      if (answer.body.equals(expected.body) && expected.body.length === bytes) return '';
      return `got ${answer.body.length} bytes, or others than the upstream's ${expected.body.length}`;
    },
  };
}

function echoOf(bytes: number, chunked: boolean): Check {
  const how = chunked ? 'in chunks' : 'with its length';
  return {
    name: `a POST of ${bytes} bytes ${how} comes back intact`,
    run: async ({ subject, through }) => {
      const body = patternOf(bytes);
      const path = pathTo(subject, 'echo');
      const headers = { ...admission(subject), 'content-type': 'application/octet-stream' };
      const answer = await through.call({ path, method: 'POST', headers, body, chunked });
      const fault = unlessStatus(answer, 200);
      if (fault !== '') return fault;
      return answer.body.equals(body) ? '' : `${answer.body.length} bytes came back, or others`;
    },
  };
}

/** Bytes of every value, in an order that shows one that is lost. */
function patternOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
}

const DOWNSTREAM: Check = {
  name: 'the downstream connection is kept alive',
  run: async ({ subject, through }) => {
    const call = { path: pathTo(subject, 'bytes/0'), headers: admission(subject) };
    await through.call(call);
    const { reused } = await through.call(call);
    return reused ? '' : 'a second request needed a new connection';
  },
};

const UPSTREAM: Check = {
  name: 'the upstream connection is kept alive',
  run: async ({ subject, through }) => {
    let most = 0;
    for (let i = 0; i < REUSE_CALLS && most < 2; i += 1) {
      const headers = admission(subject);
      const seen = seenIn(await through.call({ path: pathTo(subject, 'probe'), headers }));
      most = Math.max(most, seen.connectionRequests);
    }
    return most > 1 ? '' : `each of ${REUSE_CALLS} requests came on a new connection`;
  },
};

const UNKNOWN: Check = {
  name: 'an unknown route is a 404',
  run: async ({ subject, through }) =>
    unlessStatus(
      await through.call({ path: '/nowhere/bytes/0', headers: admission(subject) }),
      404,
    ),
};

export function passChecks({ routed }: Asked['subject']): Check[] {
  return [
    ...SIZES_BYTES.map(bodyOf),
    echoOf(1024, false),
    echoOf(65_536, false),
    echoOf(1024, true),
    DOWNSTREAM,
    UPSTREAM,
    ...(routed ? [UNKNOWN] : []),
  ];
}
