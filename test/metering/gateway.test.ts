/**
 * Metering of a whole gateway: as many events as requests, with the right numbers, whatever dies meanwhile.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { MeteringEvent } from '../../src/metering/event-schema.ts';
import { digestOfKey } from '../../src/config/schema/consumers.ts';
import { type Front, type Gateway, PROJECT, startGateway } from '../support/gateway.ts';
import { processesNamed, signal } from '../../arena/host/processes.ts';
import { call, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { until } from '../../arena/host/wait.ts';

const KEY = 'a-key-for-metering';

function eventsIn(gateway: Gateway): MeteringEvent[] {
  const file = join(gateway.directory, 'metering/events.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => MeteringEvent.parse(JSON.parse(line)));
}

function uniqueIds(events: readonly MeteringEvent[]): number {
  return new Set(events.map(({ id }) => id)).size;
}

/** What the command sums, from the spool and the files of a gateway that runs. */
async function usageOf(gateway: Gateway): Promise<{ readonly requests: number }[]> {
  const config = join(gateway.directory, 'gateway.yaml');
  const argv = [join(PROJECT, 'bin/stoa-gateway'), 'usage', '-c', config, '-o', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  const sums: { readonly requests: number }[] = JSON.parse(stdout);
  return sums;
}

/** Sends these bytes and waits until the gateway closes. */
async function sendRaw(port: number, bytes: string): Promise<void> {
  const client = await RawClient.open(port);
  client.send(bytes);
  await client.read(({ closed }) => closed);
}

/** Whether one of some requests was refused because its use could not be recorded. */
async function refusesSome(gateway: Gateway): Promise<boolean> {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(gateway.port, 'GET /closed')),
  );
  return answers.some(
    ({ status, text }) => status === 503 && text.includes('metering_unavailable'),
  );
}

describe('metering', () => {
  let upstream: RecordingUpstream;
  before(async () => {
    upstream = await RecordingUpstream.start(() => ok('12345'));
  });
  after(() => upstream.stop());

  let running: Gateway | undefined;
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  async function start(
    options: { readonly front?: Front; readonly workers?: number } = {},
    metering = 'enabled: true, batch: { pollMs: 20 }',
  ): Promise<Gateway> {
    running = await startGateway(
      `metering: { ${metering} }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
consumers: { shop: { tenant: acme, apiKeys: [{ sha256: "${digestOfKey(KEY)}" }] } }
routes:
  - { name: keyed, match: { path: "/keyed/*" }, upstream: up, auth: { apiKey: {} } }
  - { name: closed, match: { path: "/closed" }, deny: true }
  - { name: moved, match: { path: "/moved" }, redirect: { to: "/new" } }
  - { name: open, match: { path: "/open/*" }, upstream: up }`,
      options,
    );
    return running;
  }

  for (const front of ['uws', 'native'] as const) {
    it(`has an event of every request, with its numbers, on the front ${front}`, async () => {
      const gateway = await start({ front, workers: 2 });
      const requests = [
        ...Array.from({ length: 30 }, (_, index) => `GET /open/${index}`),
        ...Array.from({ length: 10 }, () => 'GET /keyed/wrong'),
        'GET /closed',
        'GET /moved',
        'GET /nowhere',
      ];
      await Promise.all(requests.map((request) => call(gateway.port, request)));
      await Promise.all(
        Array.from({ length: 20 }, () =>
          call(gateway.port, 'POST /keyed/right', { headers: { 'x-api-key': KEY }, body: 'abc' }),
        ),
      );
      const total = requests.length + 20;
      await until('all are in the file', () => eventsIn(gateway).length >= total);
      const events = eventsIn(gateway);
      assert.deepEqual([events.length, uniqueIds(events)], [total, total]);

      const byRoute = (route: string | undefined): MeteringEvent['data'][] =>
        events.map(({ data }) => data).filter((data) => data.route === route);
      assert.equal(byRoute('open').length, 30);
      for (const data of byRoute('open')) {
        assert.deepEqual(
          [data.decision, data.status, data.method, data.upstream, data.bytesIn, data.bytesOut],
          ['forwarded', 200, 'GET', 'up', 0, 5],
        );
        assert.ok((data.upstreamUs ?? 0) > 0 && data.durationUs >= (data.upstreamUs ?? 0));
      }
      const keyed = byRoute('keyed').filter(({ status }) => status === 200);
      assert.equal(keyed.length, 20);
      for (const data of keyed) {
        assert.deepEqual(
          [data.tenant, data.consumer, data.method, data.bytesIn],
          ['acme', 'shop', 'POST', 3],
        );
      }
      const refused = byRoute('keyed').filter(({ decision }) => decision === 'refused');
      assert.deepEqual(
        [refused.length, refused[0]?.status, refused[0]?.problem],
        [10, 401, 'api_key_missing'],
      );
      assert.deepEqual(
        byRoute('closed').map(({ problem }) => problem),
        ['route_denied'],
      );
      assert.deepEqual(
        byRoute('moved').map(({ decision }) => decision),
        ['redirected'],
      );
      assert.deepEqual(
        byRoute(undefined).map(({ problem }) => problem),
        ['route_not_found'],
      );

      const summed = await usageOf(gateway);
      assert.equal(
        summed.reduce((sum, row) => sum + row.requests, 0),
        total,
      );
      assert.equal(await gateway.metric('stoa_metering_spooled_total'), total);
      await until(
        'it is counted',
        async () => (await gateway.metric('stoa_metering_shipped_total')) === total,
      );
      assert.equal(await gateway.metric('stoa_metering_dropped_total'), 0);
      assert.equal(await gateway.metric('stoa_metering_sink_up'), 1);
    });
  }

  for (const front of ['uws', 'native'] as const) {
    it(`names the method of what could be read, and of nothing else, on the front ${front}`, async () => {
      const gateway = await start({ front });
      const rest = 'HTTP/1.1\r\nHost: a.test\r\n';
      // An empty line before a request is none (RFC 9112 §2.2).
      await sendRaw(gateway.port, `\r\nGET /open/1 ${rest}Connection: close\r\n\r\n`);
      await sendRaw(gateway.port, `NOISE /open/2 ${rest}bad name: 1\r\n\r\n`);
      await until('both are in the file', () => eventsIn(gateway).length >= 2);
      const told = eventsIn(gateway).map(({ data }) => [data.status, data.method]);
      assert.deepEqual(
        told.toSorted(([one = 0], [other = 0]) => Number(one) - Number(other)),
        [
          [200, 'GET'],
          [400, undefined],
        ],
      );
    });
  }

  it('writes nothing while it is off', async () => {
    const gateway = await start({}, 'enabled: false');
    await call(gateway.port, 'GET /open/1');
    assert.equal(existsSync(join(gateway.directory, 'metering')), false);
    assert.equal(await gateway.metric('stoa_metering_spooled_total'), 0);
  });

  it('loses nothing when workers and shipper are killed again and again', async () => {
    const gateway = await start({ workers: 2 });
    let answered = 0;
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 25 }, () => call(gateway.port, 'GET /open/x')),
      );
      answered += answers.filter(({ status }) => status === 200).length;
      const children = gateway.workers();
      const [worker = 0] = processesNamed(children, 'worker');
      gateway.expectDeath();
      for (const pid of [worker, ...processesNamed(children, 'shipper')]) signal(pid, 'SIGKILL');
      await until(
        'it is replaced',
        async () => (await gateway.metric('stoa_worker_restarts_total')) > round,
      );
      await gateway.whenReady();
    }
    assert.equal(answered, 75);
    await until('all are in the file', () => uniqueIds(eventsIn(gateway)) >= answered, 15_000);
    assert.equal(uniqueIds(eventsIn(gateway)), answered);
  });

  it('loses nothing when all of it is killed at once: the next one ships what was left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-metering-'));
    const metering = `enabled: true, spool: { directory: ${folder}/spool }, file: { path: ${folder}/events.jsonl }`;
    const first = await start({ workers: 2 }, `${metering}, batch: { pollMs: 60000 }`);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => call(first.port, 'GET /open/x')),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    for (const pid of [first.pid, ...first.workers()]) signal(pid, 'SIGKILL');
    await first.exited;
    const second = await start({}, metering);
    const file = join(folder, 'events.jsonl');
    const lines = (): string[] =>
      existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    await until('the next one has shipped them', () => lines().length >= 50);
    const ids = lines().map((line) => MeteringEvent.parse(JSON.parse(line)).id);
    assert.equal(new Set(ids).size, 50);
    await second.stop();
    running = undefined;
    rmSync(folder, { recursive: true });
  });

  it('starts with a spool that has no room, and serves again once the sink is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-metering-'));
    const spool = `spool: { directory: ${folder}/spool, segmentBytes: 65536, maxBytes: 262144, whenFull: refuse }`;
    const down = `enabled: true, ${spool}, sink: webhook, webhook: { url: "http://127.0.0.1:9", secretFile: gateway.yaml }`;
    const first = await start({}, down);
    await until('it is full', () => refusesSome(first), 20_000);
    await first.stop();
    const second = await start({}, down);
    await until('it refuses from the start', () => refusesSome(second));
    await second.stop();
    const third = await start(
      {},
      `enabled: true, ${spool}, file: { path: ${folder}/events.jsonl }`,
    );
    await until('it serves', async () => (await call(third.port, 'GET /open/x')).status === 200);
    assert.equal(await third.metric('stoa_metering_dropped_total'), 0);
    await third.stop();
    running = undefined;
    rmSync(folder, { recursive: true });
  });

  it('has shipped everything when it has drained', async () => {
    const gateway = await start({}, 'enabled: true, batch: { pollMs: 60000 }');
    await Promise.all(Array.from({ length: 40 }, () => call(gateway.port, 'GET /open/x')));
    const unshipped = await usageOf(gateway);
    assert.deepEqual(
      unshipped.map(({ requests }) => requests),
      [40],
    );
    gateway.signal('SIGTERM');
    await gateway.exited;
    assert.equal(eventsIn(gateway).length, 40);
    const spool = readdirSync(join(gateway.directory, 'metering/spool'));
    assert.deepEqual(
      spool.filter((name) => !name.endsWith('.lock')),
      [],
    );
  });

  it('refuses requests whose use it could not record, if it is told to', async () => {
    const gateway = await start(
      {},
      'enabled: true, sink: webhook, webhook: { url: "http://127.0.0.1:9", secretFile: gateway.yaml }, spool: { segmentBytes: 65536, maxBytes: 262144, whenFull: refuse }',
    );
    await until('it refuses', () => refusesSome(gateway), 20_000);
    assert.equal(await gateway.metric('stoa_metering_dropped_total'), 0);
    await until(
      'an alarm says so',
      async () => (await gateway.metric('stoa_metering_spool_full')) === 1,
    );
    await until(
      'another one that nobody takes them',
      async () => (await gateway.metric('stoa_metering_sink_up')) === 0,
    );
  });
});
