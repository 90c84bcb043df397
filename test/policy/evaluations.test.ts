/**
 * Where a policy's answers come from, as `/metrics` counts it: each request once, whichever worker has it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { ENTRYPOINT, REGO_SOURCE } from '../support/policy-gateway.ts';
import { call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';

const EVALUATIONS = 'stoa_policy_evaluations_total';
const FALLBACKS = 'stoa_policy_fallbacks_total';
const REQUESTS = 10;

function yaml(up: string): string {
  const common = `source: ${REGO_SOURCE}, entrypoint: ${ENTRYPOINT}`;
  const patient = `${common}, timeoutMs: 4000`;
  return `${upstreamYaml(up)}
limits: { decisionMs: 9000 }
policies:
  pooled: { ${patient} }
  inline: { ${patient}, evaluate: inline }
  remembered: { ${patient}, cache: { dependsOn: [request.segments], ttlMs: 3600000 } }
  hasty: { ${common}, evaluate: inline, timeoutMs: 200 }
  idle: { ${patient} }
routes:
  - { name: pooled, match: { path: /pooled/* }, upstream: up, policy: pooled }
  - { name: inline, match: { path: /inline/* }, upstream: up, policy: inline }
  - { name: remembered, match: { path: /remembered/* }, upstream: up, policy: remembered }
  - { name: hasty, match: { path: /hasty/* }, upstream: up, policy: hasty }
`;
}

describe("a policy's evaluations", () => {
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await startGateway(yaml(upstream.url), { workers: 2 });
  });
  after(() => stopAll(gateway, upstream));

  /** Inline, elsewhere, from the cache; and those that fell back. */
  async function countsOf(policy: string): Promise<number[]> {
    const places = ['inline', 'elsewhere', 'cache'].map((where) =>
      gateway.metric(EVALUATIONS, { policy, where }),
    );
    return Promise.all([...places, gateway.metric(FALLBACKS, { policy })]);
  }

  /** Each on a connection of its own, all at once: any worker may have any. */
  async function askAll(policy: string): Promise<void> {
    const lines = Array.from({ length: REQUESTS }, () => `GET /${policy}/yes`);
    const answers = await Promise.all(lines.map((line) => call(gateway.port, line)));
    assert.ok(answers.every(({ status }) => status === 200));
  }

  it('are counted elsewhere where a pool has them', async () => {
    await askAll('pooled');
    assert.deepEqual(await countsOf('pooled'), [0, REQUESTS, 0, 0]);
  });

  it('are counted inline, and as fallen back where that gave no answer', async () => {
    await askAll('inline');
    const [inline = 0, elsewhere = 0, cache = 0, fellBack = 0] = await countsOf('inline');
    // A slow machine may take the millisecond that an evaluation has inline, and then it pauses there.
    assert.equal(inline + elsewhere, REQUESTS);
    assert.equal(cache, 0);
    assert.ok(fellBack <= elsewhere);
    assert.equal((await call(gateway.port, 'GET /hasty/endless')).problem, 'policy_failed');
    assert.deepEqual(await countsOf('hasty'), [0, 1, 0, 1]);
  });

  it('are counted as remembered where they were not made', async () => {
    await askAll('remembered');
    await askAll('remembered');
    const [inline = 0, elsewhere = 0, cache = 0, fellBack = 0] = await countsOf('remembered');
    assert.deepEqual([inline, elsewhere + cache, fellBack], [0, 2 * REQUESTS, 0]);
    assert.ok(cache > 0);
  });

  it('are there at zero before a policy was asked', async () => {
    const text = await gateway.metricsText();
    for (const where of ['inline', 'elsewhere', 'cache']) {
      assert.match(text, new RegExp(`^${EVALUATIONS}\\{policy="idle",where="${where}"\\} 0$`, 'm'));
    }
    assert.match(text, new RegExp(`^${FALLBACKS}\\{policy="idle"\\} 0$`, 'm'));
  });
});
