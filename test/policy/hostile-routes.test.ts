/**
 * A policy that loops costs the requests that ask it, and nobody else: others are answered meanwhile,
 * the thread is replaced, the worker lives on.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { ENTRYPOINT, GATE, policyYaml, REGO_SOURCE } from '../support/policy-gateway.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { until } from '../../arena/host/wait.ts';

const FAILURES = 'stoa_policy_failures_total';

const ENGINES: readonly { name: string; skip: string | false; source: () => string }[] = [
  { name: 'the embedded interpreter', skip: false, source: () => REGO_SOURCE },
  {
    name: 'a bundle',
    skip: opaMissing,
    source: () => `{ file: "${buildBundle([GATE], [ENTRYPOINT])}" }`,
  },
];

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  for (const { name, skip, source } of ENGINES) {
    describe(`a policy that loops in ${name}, on the ${front} front`, { skip }, () => {
      let issuer: SlowIssuer;
      let upstream: RecordingUpstream;
      let gateway: Gateway;
      before(async () => {
        issuer = await SlowIssuer.start();
        upstream = await RecordingUpstream.start();
        gateway = await startGateway(policyYaml(upstream.url, issuer, source()), { front });
      });
      beforeEach(() => upstream.forget());
      after(() => stopAll(gateway, upstream, issuer));

      const ask = (line: string): Promise<Answer> => call(gateway.port, line);
      const failures = (kind: string) => gateway.metric(FAILURES, { policy: 'slow', kind });
      const recovered = () =>
        until('the policy answers', async () => (await ask('GET /slow/yes')).status === 200);

      it('is ended, while requests of other routes are answered', async () => {
        const workers = gateway.workers();
        const timeouts = await failures('timeout');
        const looping = ask('GET /slow/endless');
        const others = Promise.all([ask('GET /free'), ask('GET /open/yes')]);
        const first = await Promise.race([looping, others]);
        assert.ok(Array.isArray(first), 'nobody else was answered meanwhile');
        assert.deepEqual(
          first.map(({ status }) => status),
          [200, 200],
        );
        const answer = await looping;
        assert.equal(answer.status, 503);
        assert.equal(answer.problem, 'policy_failed');
        assert.equal((await failures('timeout')) - timeouts, 1);
        await recovered();
        assert.deepEqual(gateway.workers(), workers);
      });

      it('admits where the route says so', async () => {
        assert.equal((await ask('GET /slow-ajar/endless')).status, 200);
        await recovered();
      });

      it('fails at once, closed or open, when as many wait as may', async () => {
        const asked = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            ask(index % 2 === 0 ? 'GET /slow/endless' : 'GET /slow-ajar/endless'),
          ),
        );
        assert.deepEqual(
          asked.map(({ status }) => status),
          asked.map((_, index) => (index % 2 === 0 ? 503 : 200)),
        );
        assert.ok((await failures('queue_full')) > 0);
        await recovered();
      });
    });
  }
}
