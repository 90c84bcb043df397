/**
 * Quotas of a whole gateway: exact over workers, their deaths and the gateway's own, by whose plan it is.
 *
 * Windows are months, so that none ends within a test; what happens when one does is tested in
 * native/core/src/quota.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, PROJECT, startGateway } from '../support/gateway.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { upstreamYaml } from '../support/stage.ts';
import { until } from '../../arena/host/wait.ts';
import { signal } from '../../arena/host/processes.ts';

const QUOTA = 60;

const yaml = (up: string, path: string, issuer?: SlowIssuer) => `${upstreamYaml(up)}${issuer?.yaml ?? ''}
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

    it('are exact over workers, a worker’s death, and everybody’s', async () => {
      let gateway = await start();
      const first = await passing(gateway, 'own', QUOTA / 3);
      assert.equal(first, QUOTA / 3);
      const dead = gateway.killWorker(1);
      await until('the worker is gone', () => !gateway.workers().includes(dead));
      const second = await passing(gateway, 'own', QUOTA / 3);
      await killAll(gateway);
      gateway = await start();
      try {
        assert.match(gateway.output, /"quotas_opened".*"kept":1/);
        const third = await passing(gateway, 'own', QUOTA);
        assert.equal(first + second + third, QUOTA);
      } finally {
        await gateway.stop();
      }
    });
  });
}
