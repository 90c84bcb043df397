/**
 * The log of decisions: a line for each, masked, in a file that can be rotated.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { policyYaml } from '../support/policy-gateway.ts';
import { call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { until } from '../../arena/host/wait.ts';

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`the decision log on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    before(async () => {
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      gateway = await startGateway(policyYaml(upstream.url, issuer), { front });
    });
    after(() => stopAll(gateway, upstream, issuer));

    it('writes each decision down, masked, and goes on in a new file', async () => {
      const path = join(gateway.directory, 'decisions.jsonl');
      const lines = () => readFileSync(path, 'utf8').trim().split('\n');
      await call(gateway.port, 'GET /open/reason?token=secret-1', {
        headers: { 'x-secret': 'secret-2' },
      });
      const line = await until('the line', () =>
        Promise.resolve(lines().find((one) => one.includes('"token":"***"'))),
      );
      const entry = JSON.parse(line) as Record<string, unknown>;
      assert.equal(entry['effect'], 'denied');
      assert.equal(entry['policy'], 'gate');
      assert.equal(entry['route'], 'open');
      assert.equal(entry['status'], 402);
      assert.equal(entry['reason'], 'acme has not paid');
      assert.ok(!lines().join().includes('secret-'), 'a secret is in the log');
      renameSync(path, `${path}.1`);
      gateway.signal('SIGHUP');
      await until('a new file', async () => {
        await call(gateway.port, 'GET /open/no');
        return readFileSync(path, { encoding: 'utf8', flag: 'a+' }) !== '';
      });
    });

    it('says what a failure and a dry run led to', async () => {
      const path = join(gateway.directory, 'decisions.jsonl');
      const asked = ['/open/text', '/ajar/text', '/dry/no'];
      for (const target of asked) await call(gateway.port, `GET ${target}`);
      const effects = (): unknown[] => {
        const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
        const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        return asked.map((target) => told.find((one) => one['path'] === target)?.['effect']);
      };
      await until('all lines', () => Promise.resolve(!effects().includes(undefined)));
      assert.deepEqual(effects(), ['failed_closed', 'failed_open', 'would_deny']);
    });
  });
}
