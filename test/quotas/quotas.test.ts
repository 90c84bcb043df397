/**
 * Quotas of a whole gateway: exact over workers, their deaths and the gateway's own, by whose plan it is.
 *
 * Windows are months, so that none ends within a test; what happens when one does is tested in
 * native/core/src/quota.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, PROJECT, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { upstreamYaml } from '../support/stage.ts';
import type { QuotaCounter } from '../../src/native/addon.ts';
import { until } from '../../arena/host/wait.ts';
import { signal } from '../../arena/host/processes.ts';

const QUOTA = 60;

const yaml = (
  up: string,
  path: string,
  issuer?: SlowIssuer,
) => `${upstreamYaml(up)}${issuer?.yaml ?? ''}
quotas: { path: ${path} }
plans:
  few: { quotas: [{ requests: ${QUOTA}, per: month, timeZone: Europe/Berlin }] }
  both: { quotas: [{ requests: 5, per: month }, { requests: 3, per: month, by: tenant }] }
  rated: { rateLimit: { requests: 2, windowMs: 86400000 } }
  one: { quotas: [{ requests: 1, per: month }] }
tenants: { acme: { plan: both } }
defaultPlan: rated
consumers:
  own: { tenant: acme, plan: few, apiKeys: [{ value: own }] }
  first: { tenant: acme, apiKeys: [{ value: first }] }
  second: { tenant: acme, apiKeys: [{ value: second }] }
  nobody: { apiKeys: [{ value: nobody }] }
routes:
  - { name: r, match: { path: /r }, upstream: up, auth: { apiKey: {} }, request: { headers: { set: { x-plan: "\${plan}" } } } }
  - { name: limited, match: { path: /limited }, upstream: up, auth: { apiKey: {} }, rateLimit: { by: consumer, requests: 1, windowMs: 86400000 } }
${issuer === undefined ? '' : '  - { name: t, match: { path: /t }, upstream: up, auth: { jwt: {} } }'}
`;

const as = (gateway: Gateway, key: string, line = 'GET /r'): Promise<Answer> =>
  call(gateway.port, line, { headers: { 'x-api-key': key } });

/** `count` requests, 16 at a time, each on a connection of its own; how many passed. */
async function passing(gateway: Gateway, key: string, count: number): Promise<number> {
  let passed = 0;
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const answer = await as(gateway, key).catch(() => null);
      if (answer?.status === 200) passed += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  return passed;
}

/** Everything of the gateway at once, as a power failure of the process would. */
async function killAll(gateway: Gateway): Promise<void> {
  const workers = gateway.workers();
  for (const pid of [gateway.pid, ...workers]) signal(pid, 'SIGKILL');
  await gateway.exited;
}

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`quotas on the ${front} front`, () => {
    let upstream: RecordingUpstream;
    let folder: string;
    let path: string;
    const start = () => startGateway(yaml(upstream.url, path), { front, workers: 4 });
    before(async () => {
      upstream = await RecordingUpstream.start();
      folder = mkdtempSync(join(tmpdir(), 'stoa-quotas-'));
      path = join(folder, 'state/counters');
    });
    after(async () => {
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const json = async (): Promise<QuotaCounter[]> => {
      const config = join(folder, 'gateway.yaml');
      writeFileSync(config, `version: 1\n${yaml(upstream.url, path)}`);
      const argv = [join(PROJECT, 'bin/stoa-gateway'), 'quotas', '-c', config, '-o', 'json'];
      const { stdout } = await promisify(execFile)(process.execPath, argv);
      return JSON.parse(stdout);
    };

    it('are exact over workers, a worker’s death, and everybody’s', async () => {
      let gateway = await start();
      const first = await passing(gateway, 'own', QUOTA / 3);
      assert.equal(first, QUOTA / 3);
      const dead = gateway.killWorker(1);
      await until('the worker is gone', () => !gateway.workers().includes(dead));
      const second = await passing(gateway, 'own', QUOTA / 3);
      await killAll(gateway);
      rmSync(gateway.directory, { recursive: true });
      gateway = await start();
      try {
        assert.match(gateway.output, /"quotas_opened".*"kept":1/);
        const third = await passing(gateway, 'own', QUOTA);
        assert.equal(first + second + third, QUOTA);
        assert.equal(upstream.requests.length, QUOTA);
        const [used] = await json();
        assert.ok(used);
        const { consumer, tenant, plan, limit, timeZone } = used;
        assert.deepEqual(
          { consumer, tenant, plan, limit, timeZone, used: used.used },
          {
            consumer: 'own',
            tenant: 'acme',
            plan: 'few',
            limit: QUOTA,
            timeZone: 'Europe/Berlin',
            used: QUOTA,
          },
        );
      } finally {
        await gateway.stop();
      }
    });

    it('let as many pass as may while a worker is killed in the middle of it, never more', async () => {
      upstream.forget();
      rmSync(path);
      const gateway = await start();
      try {
        const passed = passing(gateway, 'own', 3 * QUOTA);
        await until('some have passed', () => upstream.requests.length > QUOTA / 4);
        gateway.killWorker(0);
        const seen = await passed;
        const reached = upstream.requests.length;
        assert.ok(reached <= QUOTA, `${reached} reached the upstream`);
        // What the dead worker had charged and not yet answered, one for each lane at most.
        assert.ok(seen >= QUOTA - 16, `${seen} passed`);
      } finally {
        await gateway.stop();
      }
    });

    it('refuse with the end of the window, and what was refused is charged to nothing', async () => {
      upstream.forget();
      const gateway = await start();
      try {
        const [one, two, three] = [
          await as(gateway, 'first'),
          await as(gateway, 'first'),
          await as(gateway, 'second'),
        ];
        assert.deepEqual([one.status, two.status, three.status], [200, 200, 200]);
        assert.equal(valuesOf(upstream.last.fields, 'x-plan')[0], 'both');
        const told = valuesOf(three.message.fields, 'ratelimit').join();
        assert.match(told, /^"both-month";r=4;t=\d+,"both-month-tenant";r=0;t=\d+$/);
        for (const key of ['first', 'second', 'first']) {
          const refused = await as(gateway, key);
          assert.equal(refused.problem, 'quota_exceeded', refused.text);
          assert.match(
            refused.text,
            /3 requests per month and tenant .* until \d{4}-\d\d-01T00:00/,
          );
          const waitS = Number(refused.header('retry-after'));
          assert.ok(waitS > 0 && waitS <= 31 * 86_400, `${waitS}`);
        }
        const used = (await json()).map((row) => [row.consumer, row.used, row.limit]);
        assert.deepEqual(
          used.filter(([, , limit]) => limit !== QUOTA),
          [
            [null, 3, 3],
            ['first', 2, 5],
            ['second', 1, 5],
          ],
        );
      } finally {
        await gateway.stop();
      }
    });

    it('leave those alone whose plan has none, and limit by a plan’s rate', async () => {
      const gateway = await start();
      try {
        const answers = [];
        for (let count = 0; count < 3; count += 1) answers.push(await as(gateway, 'nobody'));
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 429],
        );
        assert.equal(answers[2]?.problem, 'rate_limited');
        const labels = { code: 'quota_exceeded' };
        assert.equal(await gateway.metric('stoa_problems_total', labels), 0);
        assert.ok((await gateway.metric('stoa_quota_counters')) >= 1);
        assert.equal(await gateway.metric('stoa_quota_no_room_total'), 0);
      } finally {
        await gateway.stop();
      }
    });

    it('are those of the plan that a token names, whichever token it is', async () => {
      upstream.forget();
      const issuer = await SlowIssuer.start();
      const gateway = await startGateway(
        `${yaml(upstream.url, join(folder, 'of-tokens'), issuer)}metering: { enabled: true }\n`,
        { front, workers: 2 },
      );
      try {
        const ask = async (token: string): Promise<string> => {
          const headers = { Authorization: `Bearer ${token}` };
          const answer = await call(gateway.port, 'GET /t', { headers });
          return answer.status === 200 ? 'passes' : (answer.problem ?? '');
        };
        const one = await issuer.token({ sub: 'caller', tenant: 'globex', plan: 'one' });
        const again = await issuer.token({
          sub: 'caller',
          tenant: 'globex',
          plan: 'one',
          jti: 'b',
        });
        assert.equal(await ask(one), 'passes');
        assert.equal(await ask(one), 'quota_exceeded');
        assert.equal(await ask(again), 'quota_exceeded');
        // A name of no plan: the default's rate limit holds.
        const stray = await issuer.token({ sub: 'stray', tenant: 'globex', plan: 'platinum' });
        const said = [await ask(stray), await ask(stray), await ask(stray)];
        assert.deepEqual(said, ['passes', 'passes', 'rate_limited']);
        const events = join(gateway.directory, 'metering/events.jsonl');
        const has = (plan: string) => () =>
          existsSync(events) && readFileSync(events, 'utf8').includes(`"plan":"${plan}"`);
        await until('an event with the plan', has('one'));
        await until('an event with the default plan', has('rated'));
      } finally {
        await stopAll(gateway, issuer);
      }
    });

    it('are counted by one gateway at a time', async () => {
      const gateway = await start();
      try {
        await assert.rejects(start(), /quotas_failed.*used by another gateway/);
      } finally {
        await gateway.stop();
      }
    });

    it('do not touch what is something else, and put aside what is damaged', async () => {
      const good = readFileSync(path);
      writeFileSync(path, 'a letter to somebody');
      await assert.rejects(start(), /is no file of quotas/);
      assert.equal(readFileSync(path, 'utf8'), 'a letter to somebody');
      writeFileSync(path, good.subarray(0, good.length - 256));
      const gateway = await start();
      try {
        assert.match(gateway.output, /"warn".*"quotas_opened".*"putAside":".*counters\.damaged"/);
        assert.equal(readFileSync(`${path}.damaged`).length, good.length - 256);
        assert.equal((await as(gateway, 'own')).status, 200);
      } finally {
        await gateway.stop();
      }
    });
  });
}
