/**
 * A policy for every route that names none: of the configuration, of a flag, of the environment. And
 * policies that can't be had.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { HeldOpa } from '../support/held-opa.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { ENTRYPOINT, GATE, REGO_SOURCE } from '../support/policy-gateway.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const ROUTES = `
routes:
  - { name: plain, match: { path: /plain/* }, upstream: up }
  - { name: other, match: { path: /other/* }, upstream: up, policy: other }
  - { name: shut, match: { path: /shut/* }, deny: true }
`;
const POLICY = `source: ${REGO_SOURCE}, entrypoint: ${ENTRYPOINT}, timeoutMs: 2000`;

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`every route on the ${front} front`, () => {
    let opa: HeldOpa;
    let upstream: RecordingUpstream;
    before(async () => {
      opa = await HeldOpa.start();
      upstream = await RecordingUpstream.start();
    });
    beforeEach(() => {
      upstream.forget();
      opa.inputs.length = 0;
      opa.paths.length = 0;
      opa.decide = ({ request }) => request.path.endsWith('yes');
    });
    after(() => stopAll(opa, upstream));

    async function withGateway(
      policies: string,
      options: Parameters<typeof startGateway>[1],
      work: (ask: (line: string) => Promise<Answer>, gateway: Gateway) => Promise<void>,
    ): Promise<void> {
      const yaml = `${upstreamYaml(upstream.url)}${policies}${ROUTES}`;
      const gateway = await startGateway(yaml, { front, ...options });
      try {
        await work((line) => call(gateway.port, line), gateway);
      } finally {
        await gateway.stop();
      }
    }

    it('asks the default policy, unless it names one or denies', async () => {
      const policies = `
policies: { gate: { ${POLICY} }, other: { source: { opa: { url: "${opa.url}" } } } }
defaultPolicy: gate`;
      await withGateway(policies, {}, async (ask) => {
        assert.equal((await ask('GET /plain/yes')).status, 200);
        assert.equal((await ask('GET /plain/no')).problem, 'policy_denied');
        assert.equal(opa.inputs.length, 0);
        assert.equal((await ask('GET /other/yes')).status, 200);
        assert.equal((await ask('GET /other/no')).problem, 'policy_denied');
        assert.equal((await ask('GET /shut/yes')).problem, 'route_denied');
        assert.deepEqual(
          opa.inputs.map(({ route }) => route.name),
          ['other', 'other'],
        );
      });
    });

    it('asks the OPA that --opa-endpoint names', async () => {
      const policies = `\npolicies: { other: { ${POLICY} } }`;
      await withGateway(policies, { args: [`--opa-endpoint=${opa.url}`] }, async (ask) => {
        assert.equal((await ask('GET /plain/yes')).status, 200);
        assert.equal((await ask('GET /plain/no')).problem, 'policy_denied');
        assert.deepEqual(opa.paths, Array(2).fill('/v1/data/stoa/authz/decision'));
        assert.equal(opa.inputs[0]?.route.name, 'plain');
        assert.equal((await ask('GET /other/yes')).status, 200);
        assert.equal(opa.inputs.length, 2);
      });
    });

    it('asks the policy `default` where OPA_ENABLED is true, and none where it is not', async () => {
      const policies = `\npolicies: { default: { ${POLICY} }, other: { ${POLICY} } }`;
      await withGateway(policies, { env: { OPA_ENABLED: 'true' } }, async (ask) => {
        assert.equal((await ask('GET /plain/yes')).status, 200);
        assert.equal((await ask('GET /plain/no')).problem, 'policy_denied');
      });
      await withGateway(policies, { env: { OPA_ENABLED: 'false' } }, async (ask) => {
        assert.equal((await ask('GET /plain/no')).status, 200);
        assert.equal((await ask('GET /other/no')).problem, 'policy_denied');
      });
    });

    it('is closed while OPA is down', async () => {
      const policies = `\npolicies: { other: { ${POLICY} } }`;
      const url = `http://127.0.0.1:${await freePort()}`;
      await withGateway(policies, { args: [`--opa-endpoint=${url}`] }, async (ask, gateway) => {
        for (let count = 0; count < 8; count++) {
          assert.equal((await ask('GET /plain/yes')).problem, 'policy_failed');
        }
        assert.equal(upstream.requests.length, 0);
        const failures = { policy: 'default', kind: 'unavailable' };
        assert.equal(await gateway.metric('stoa_policy_failures_total', failures), 8);
      });
    });

    it('is closed until a bundle server has a bundle, and says so', async () => {
      let bundle: Buffer | null = null;
      const server = createServer((_, response) => {
        response.writeHead(bundle === null ? 503 : 200).end(bundle);
      });
      await new Promise<void>((resolve) => server.unref().listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${portOf(server)}/bundle.tar.gz`;
      const polled = `source: { bundle: { url: "${url}", pollMs: 1000 } }, entrypoint: ${ENTRYPOINT}, timeoutMs: 2000`;
      const policies = `\npolicies: { gate: { ${polled} }, other: { ${POLICY} } }\ndefaultPolicy: gate`;
      await withGateway(policies, {}, async (ask, gateway) => {
        assert.equal((await ask('GET /plain/yes')).problem, 'policy_failed');
        assert.match(gateway.output, /policy_bundle_failing.*gate/);
        if (opaMissing === false) {
          bundle = readFileSync(buildBundle([GATE], [ENTRYPOINT]));
          await until(
            'the bundle is loaded',
            async () => (await ask('GET /plain/yes')).status === 200,
          );
          assert.match(gateway.output, /policy_bundle_loaded.*gate/);
          assert.equal((await ask('GET /plain/no')).problem, 'policy_denied');
        }
      });
      server.closeAllConnections();
      server.close();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

describe('a gateway', () => {
  it('does not start with a policy that cannot be loaded, and names it', async () => {
    const broken = `source: { rego: { files: ["${GATE}"], data: ["${GATE}"] } }`;
    const yaml = `${upstreamYaml('http://127.0.0.1:1')}\npolicies: { gate: { ${broken} }, other: { ${POLICY} } }${ROUTES}`;
    await assert.rejects(startGateway(yaml), /policy \\?"gate\\?": /);
  });
});
