/**
 * A limit is exact over all workers: of many requests at once, exactly as many pass as may,
 * also when a worker is killed half-way.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { call } from '../support/raw-client.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { until } from '../../arena/host/wait.ts';

const WORKERS = 4;
const ALLOWED = 200;
const LIMIT = `rateLimit: { by: route, requests: ${ALLOWED}, windowMs: 86400000 }`;
const BY_IP = `rateLimit: { by: clientIp, requests: ${ALLOWED}, windowMs: 86400000 }`;

describe('a limit over four workers', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
routes:
  - { name: plain, match: { path: /plain }, upstream: up, ${LIMIT} }
  - { name: by-ip, match: { path: /by-ip }, upstream: up, ${BY_IP} }
  - { name: killed, match: { path: /killed }, upstream: up, ${LIMIT} }
  - { name: crashed, match: { path: /crashed }, upstream: up, ${LIMIT} }
`,
    { workers: WORKERS },
  );

  /** `count` requests, 32 at a time, each on a connection of its own; how many passed. */
  async function passing(path: string, count: number): Promise<number> {
    let passed = 0;
    let left = count;
    const lane = async () => {
      while (left-- > 0) {
        const answer = await call(on.gateway.port, `GET ${path}`).catch(() => null);
        if (answer?.status === 200) passed += 1;
      }
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    return passed;
  }

  for (const path of ['/plain', '/by-ip']) {
    it(`lets exactly ${ALLOWED} of ${2 * ALLOWED} pass (${path})`, async () => {
      assert.equal(await passing(path, 2 * ALLOWED), ALLOWED);
      assert.equal(on.upstream.requests.length, ALLOWED);
    });
  }

  it('also when a worker is killed half-way', async () => {
    const first = await passing('/killed', ALLOWED / 2);
    const dead = on.gateway.killWorker(1);
    await until('the worker is gone', () => !on.gateway.workers().includes(dead));
    const second = await passing('/killed', ALLOWED);
    await on.gateway.whenReady();
    const third = await passing('/killed', ALLOWED);
    // A connection that the dead worker's socket had taken is lost before it is charged.
    assert.equal(first + second + third, ALLOWED);
    assert.equal(on.upstream.requests.length, ALLOWED);
  });

  it('never more when a worker is killed in the middle of it', async () => {
    const passed = passing('/crashed', 3 * ALLOWED);
    await until('some have passed', () => on.upstream.requests.length > 20);
    on.gateway.killWorker(0);
    const seen = await passed;
    const reached = on.upstream.requests.filter(({ target }) => target === '/crashed').length;
    assert.ok(reached <= ALLOWED, `${reached} reached the upstream`);
    // What the dead worker had charged and not yet answered, one for each lane at most.
    assert.ok(seen >= ALLOWED - 32, `${seen} passed`);
  });
});
