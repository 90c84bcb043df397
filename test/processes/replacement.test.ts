/**
 * Workers that die, stall or panic: what is lost is theirs alone, and they are replaced.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Gateway, startGateway } from '../support/gateway.ts';
import { isAlive, signal } from '../../arena/host/processes.ts';
import { call, callOn, RawClient } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { until } from '../../arena/host/wait.ts';

const HOUR_MS = 3_600_000;
/** How soon a replacement is there; that it also serves takes its start. */
const REPLACED_MS = 1000;
/** Workers that die again and again are replaced with a back-off. */
const BACKOFF_MS = 15_000;

async function isReplaced(gateway: Gateway, dead: number, withinMs = BACKOFF_MS): Promise<void> {
  await until(
    'a new worker process',
    () => gateway.workers().length === 2 && !gateway.workers().includes(dead),
    withinMs,
  );
  await gateway.whenReady(5000);
}

/** Requests until one is answered: a dying socket may still take a connection or two. */
async function isServed(gateway: Gateway, line: string): Promise<void> {
  await until(`an answer to ${line}`, async () => {
    const answer = await call(gateway.port, line, { timeoutMs: 1000 }).catch(() => null);
    return answer?.status === 200;
  });
}

describe('a worker that dies', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
routes:
  - { name: limited, match: { path: /limited }, upstream: up, rateLimit: { by: route, requests: 5, windowMs: ${HOUR_MS} } }
  - { name: by-ip, match: { path: /by-ip }, upstream: up, rateLimit: { by: clientIp, requests: 5, windowMs: ${HOUR_MS} } }
  - { name: all, upstream: up }
`,
    { workers: 2 },
  );

  it('is replaced within a second', async () => {
    const dead = on.gateway.killWorker();
    await isReplaced(on.gateway, dead, REPLACED_MS);
    await isServed(on.gateway, 'GET /');
    assert.ok((await on.gateway.metric('stoa_worker_restarts_total')) >= 1);
    assert.match(on.gateway.output, /worker_died|died/);
  });

  it('costs its own connections and nobody else’s', async () => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, () => RawClient.open(on.gateway.port)),
    );
    for (const client of clients) assert.equal((await callOn(client, 'GET /')).status, 200);
    const dead = on.gateway.killWorker();
    await isReplaced(on.gateway, dead);

    let kept = 0;
    for (const client of clients) {
      const answer = await callOn(client, 'GET /', { timeoutMs: 2000 }).catch(() => null);
      if (answer?.status === 200) kept += 1;
      client.close();
    }
    assert.ok(kept > 0 && kept < clients.length, `${kept} of ${clients.length} live on`);
  });

  it('loses no counter', async () => {
    for (let count = 0; count < 40; count++) await on.call('GET /');
    const counted = () => on.gateway.metric('stoa_requests_total', { route: 'all' });
    const before = await counted();
    assert.ok(before >= 40);
    const dead = on.gateway.killWorker();
    await isReplaced(on.gateway, dead);
    assert.equal(await counted(), before);
    await isServed(on.gateway, 'GET /');
    assert.ok((await counted()) > before);
    assert.equal(await on.gateway.metric('stoa_exchanges_in_flight'), 0);
  });

  for (const path of ['/limited', '/by-ip']) {
    it(`loses no limit (${path})`, async () => {
      for (let count = 0; count < 3; count++) {
        assert.equal((await on.call(`GET ${path}`)).status, 200);
      }
      await isReplaced(on.gateway, on.gateway.killWorker());
      const statuses: number[] = [];
      for (let count = 0; count < 4; count++) statuses.push((await on.call(`GET ${path}`)).status);
      assert.deepEqual(statuses, [200, 200, 429, 429]);
    });
  }
});

describe('a worker that panics or stalls', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
supervision: { stallMs: 800 }
routes: [{ name: all, upstream: up }]
`,
    { env: { STOA_TEST_HOOKS: '1' } },
  );

  it('answers 500 to the request that made it panic, says so, and lives', async () => {
    const [worker] = on.gateway.workers();
    const panics = await on.gateway.metric('stoa_panics_total');
    const answer = await on.call('GET /', { headers: { 'x-stoa-test-panic': '1' } });
    assert.equal(answer.problem, 'internal_error');
    await until('a line in the log', () => on.gateway.output.includes('panic'));
    assert.equal((await on.call('GET /')).status, 200);
    assert.deepEqual(on.gateway.workers(), [worker]);
    assert.equal(await on.gateway.metric('stoa_panics_total'), panics + 1);
  });

  it('is noticed when it stands still, and replaced', async () => {
    const [worker = 0] = on.gateway.workers();
    on.gateway.expectDeath();
    signal(worker, 'SIGSTOP');
    await until('the stalled worker is killed', () => !isAlive(worker), 8000);
    await on.gateway.whenReady(5000);
    await isServed(on.gateway, 'GET /');
    assert.match(on.gateway.output, /stalled/);
  });

  it('leaves slow answers alone', async () => {
    const [worker] = on.gateway.workers();
    on.upstream.answer = () => new Promise((resolve) => setTimeout(() => resolve(ok()), 2500));
    assert.equal((await on.call('GET /')).status, 200);
    assert.deepEqual(on.gateway.workers(), [worker]);
  });
});

it('has no test hooks unless it is started with them', async () => {
  const gateway = await startGateway('routes: [{ name: none, deny: true }]', {
    env: { STOA_TEST_HOOKS: '' },
  });
  try {
    const answer = await call(gateway.port, 'GET /', { headers: { 'x-stoa-test-panic': '1' } });
    assert.equal(answer.problem, 'route_denied');
  } finally {
    await gateway.stop();
  }
});
