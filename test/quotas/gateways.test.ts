/**
 * Real gateways that share a quota through a real Redis: what is let in altogether, with it, without it, and after it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { signal } from '../../arena/host/processes.ts';
import { until } from '../../arena/host/wait.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { call } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { RedisServer, redisMissing } from '../support/redis.ts';

const QUOTA = 120;
const PASSWORD = 'correct-horse-battery-staple';
/** Telling takes one whole round behind the one under way, and so does asking. */
const WHOLE_ROUND = 2;
const AGREE_MAX_MS = 20_000;

const skip = redisMissing() ?? false;

async function ask(gateway: Gateway, count: number): Promise<number[]> {
  const answers = Array.from({ length: count }, () =>
    call(gateway.port, 'GET /', { headers: { 'x-api-key': 'key-number-one' } }),
  );
  return (await Promise.all(answers)).map(({ status }) => status);
}

async function admitted(gateway: Gateway, count: number): Promise<number> {
  const statuses = await ask(gateway, count);
  assert.deepEqual(
    statuses.filter((status) => status !== 200 && status !== 429),
    [],
  );
  return statuses.filter((status) => status === 200).length;
}

async function reach(gateway: Gateway, wanted: boolean): Promise<void> {
  await until(
    `it is ${wanted ? 'up' : 'down'}`,
    async () => (await gateway.metric('stoa_quota_store_up')) === (wanted ? 1 : 0),
    AGREE_MAX_MS,
  );
}

/** Of requests one after the other. */
async function admittedUntil(gateway: Gateway, end: AbortSignal): Promise<number> {
  let count = 0;
  while (!end.aborted) count += await admitted(gateway, 1);
  return count;
}

function rounds(gateways: readonly Gateway[]): Promise<number[]> {
  return Promise.all(gateways.map((gateway) => gateway.metric('stoa_quota_store_rounds_total')));
}

function startRedis(more: readonly string[] = []): Promise<RedisServer> {
  return RedisServer.start([`requirepass ${PASSWORD}`, ...more], {
    cli: ['-a', PASSWORD, '--no-auth-warning'],
  });
}

describe('gateways over one Redis', { skip }, () => {
  let upstream: RecordingUpstream;
  let folder: string;
  let redis: RedisServer;
  const gateways: Gateway[] = [];
  before(async () => {
    upstream = await RecordingUpstream.start(() => ok());
    folder = mkdtempSync(join(tmpdir(), 'stoa-quotas-'));
    writeFileSync(join(folder, 'password'), PASSWORD);
  });
  after(async () => {
    await upstream?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) {
      assert.ok(!gateway.output.includes(PASSWORD));
      await gateway.stop();
    }
    await redis.stop();
  });

  /** `name` is where it keeps its counters: one that comes again has them. */
  async function start(name: string, whenUnavailable = 'local'): Promise<Gateway> {
    const gateway = await startGateway(
      `quotas:
  path: "${join(folder, `${redis.port}-${name}`)}"
  redis:
    url: "redis://127.0.0.1:${redis.port}"
    credentials: { passwordFile: "${join(folder, 'password')}" }
    syncMs: 20
    timeoutMs: 300
    whenUnavailable: ${whenUnavailable}
plans: { plan: { quotas: [{ requests: ${QUOTA}, per: month }] } }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
consumers: { one: { plan: plan, apiKeys: [{ value: "key-number-one" }] } }
routes: [{ name: all, upstream: up, auth: { apiKey: {} } }]`,
      { workers: 2 },
    );
    gateways.push(gateway);
    return gateway;
  }

  const reached = (wanted: boolean) =>
    Promise.all(gateways.map((gateway) => reach(gateway, wanted)));

  /** Until each has told, in a round that began after now, and then asked in one that began after that. */
  async function agree(): Promise<void> {
    for (let step = 0; step < 2; step += 1) {
      const since = await rounds(gateways);
      await until(
        'all have had a whole round',
        async () =>
          (await rounds(gateways)).every((round, at) => round >= (since[at] ?? 0) + WHOLE_ROUND),
        AGREE_MAX_MS,
      );
    }
  }

  function total(): number {
    const [key = ''] = redis.ask('KEYS', 'stoa:quota:*').split('\n');
    return key === '' ? 0 : Number(redis.ask('HGET', key, 't'));
  }

  it('meet a quota exactly when they have had time to agree', async () => {
    const [one, two, three] = await Promise.all([start('a'), start('b'), start('c')]);
    await reached(true);
    assert.equal(await admitted(one, 50), 50);
    await agree();
    assert.equal(await admitted(two, 40), 40);
    await agree();
    assert.equal(total(), 90);
    // It has had none so far, so it hears of the others with its first.
    assert.equal(await admitted(three, 1), 1);
    await agree();
    assert.equal(await admitted(one, 60), 29);
    await agree();
    for (const gateway of gateways) assert.equal(await admitted(gateway, 20), 0);
    assert.equal(total(), QUOTA);
  });

  it('exceed it by no more than comes until each has told and then asked', async () => {
    const all = await Promise.all([start('a'), start('b'), start('c')]);
    await reached(true);
    let letIn = 0;
    while (letIn < QUOTA) {
      const batches = await Promise.all(all.map((gateway) => admitted(gateway, 7)));
      letIn += batches.reduce((sum, count) => sum + count, 0);
    }
    const agreed = new AbortController();
    const more = all.map((gateway) => admittedUntil(gateway, agreed.signal));
    await agree();
    agreed.abort();
    letIn += (await Promise.all(more)).reduce((sum, count) => sum + count, 0);
    for (const gateway of all) assert.equal(await admitted(gateway, 30), 0);
    assert.ok(letIn >= QUOTA);
    await agree();
    assert.equal(total(), letIn);
  });

  it('go on alone, refuse, or let all in while Redis is gone, and account for it afterwards', async () => {
    const [local, deny, allow] = await Promise.all([
      start('a', 'local'),
      start('b', 'deny'),
      start('c', 'allow'),
    ]);
    await reached(true);
    for (const gateway of gateways) assert.equal(await admitted(gateway, 10), 10);
    await agree();
    await redis.kill();
    await reached(false);
    assert.equal(await admitted(local, 150), QUOTA - 30);
    assert.deepEqual(await ask(deny, 3), [503, 503, 503]);
    assert.equal(await admitted(allow, 150), 150);
    await redis.run();
    await reached(true);
    await agree();
    assert.equal(total(), 30 + (QUOTA - 30) + 150, 'it came back empty, and was told everything');
    for (const gateway of gateways) assert.equal(await admitted(gateway, 5), 0);
    assert.match(deny.output, /quota_store_down/);
    assert.match(deny.output, /quota_store_up/);
  });

  it('fail and delay no request while Redis hangs, and count nothing twice when it goes on', async () => {
    const [one, two] = await Promise.all([start('a'), start('b')]);
    await reached(true);
    assert.equal(await admitted(one, 10), 10);
    redis.signal('SIGSTOP');
    assert.equal(await admitted(two, 10), 10);
    await reached(false);
    assert.equal(await admitted(one, 10), 10);
    redis.signal('SIGCONT');
    await reached(true);
    await agree();
    assert.equal(total(), 30);
    assert.equal(await admitted(two, 100), QUOTA - 30);
  });

  it('keep what they could not tell when they are stopped, and tell it when they start again', async () => {
    await redis.stop();
    redis = await startRedis(['appendonly yes']);
    const one = await start('a');
    await reach(one, true);
    assert.equal(await admitted(one, 20), 20);
    await agree();
    await redis.kill();
    await reach(one, false);
    assert.equal(await admitted(one, 15), 15);
    gateways.splice(0);
    await one.stop();
    await redis.run();
    const [again, other] = await Promise.all([start('a'), start('b')]);
    await reached(true);
    await agree();
    assert.equal(total(), 35);
    assert.equal(await admitted(other, 1), 1);
    await agree();
    assert.equal(await admitted(again, QUOTA), QUOTA - 36);
  });

  it('lose nothing when everything of one is killed, and count twice at most what was under way', async () => {
    const [one, other] = await Promise.all([start('a'), start('b')]);
    await reached(true);
    const first = await admitted(one, 30);
    await agree();
    redis.signal('SIGSTOP');
    const last = await admitted(one, 6);
    for (const pid of [one.pid, ...one.workers()]) signal(pid, 'SIGKILL');
    await one.exited;
    gateways.splice(gateways.indexOf(one), 1);
    redis.signal('SIGCONT');
    await start('a');
    await reached(true);
    await agree();
    assert.ok(total() >= first + last);
    assert.ok(total() <= first + 2 * last);
    assert.equal(await admitted(other, 1), 1);
    await agree();
    const left = QUOTA - total();
    assert.equal(await admitted(other, QUOTA), left);
  });
});
