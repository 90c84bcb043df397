/**
 * Decisions that are used again: the same ones as if they had been made anew, and none that is none.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';

import { until } from '../../arena/host/wait.ts';
import type { Evaluation } from '../../src/policy/decision.ts';
import type { PolicyInput } from '../../src/policy/input.ts';
import { openPolicies, type Policies } from '../../src/policy/policies.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { policyInput, policyModel } from '../support/policies.ts';

const POLICIES = join(import.meta.dirname, '../../../policies');
const AUTHZ = {
  source: { rego: { files: [join(POLICIES, 'authz.rego')], data: [join(POLICIES, 'data.json')] } },
  timeoutMs: 10_000,
};
/** Everything that `policies/authz.rego` looks at. */
const DEPENDS_ON = [
  'route.name',
  'consumer.name',
  'claims.sub',
  'claims.scope',
  'claims.scp',
  'tenant',
  'request.method',
  'request.segments',
];

const folder = mkdtempSync(join(tmpdir(), 'stoa-cache-'));
after(() => rmSync(folder, { recursive: true }));

async function withPolicies(
  policies: Readonly<Record<string, unknown>>,
  work: (opened: Policies) => Promise<void>,
): Promise<void> {
  const opened = await openPolicies(policyModel(policies));
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}

async function withServer(
  listener: RequestListener,
  work: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  try {
    await work(`http://127.0.0.1:${address.port}`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function outcomeOf(evaluation: Evaluation): string | boolean {
  return evaluation.kind === 'failed' ? evaluation.why : evaluation.decision.allow;
}

const some = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

function remote(url: string, ttlMs: number): Record<string, unknown> {
  const cache = { dependsOn: ['tenant'], ttlMs };
  return { authz: { source: { opa: { url } }, timeoutMs: 200, cache } };
}

function of(tenant: string): PolicyInput {
  return policyInput({ tenant });
}

/** A bundle whose decision is `says`. */
function bundleOf(says: string): Buffer {
  const sources = join(folder, says);
  mkdirSync(sources);
  writeFileSync(join(sources, 'swap.rego'), `package swap\n\ndecision := ${says}\n`);
  return readFileSync(buildBundle(['-b', sources], ['swap/decision']));
}

describe('a decision', () => {
  it('is the same whether it was remembered or not', async () => {
    const input: fc.Arbitrary<PolicyInput> = fc
      .record({
        route: some('orders', 'files', 'status', 'other'),
        consumer: some('ann', 'bob', null),
        tenant: some('acme', 'zeta', 'none', null),
        method: some('GET', 'POST'),
        path: some('/files/acme/1', '/files/zeta/1', '/orders/7', '/'),
        claims: some(
          null,
          { sub: 'ann' },
          { scope: 'orders:read' },
          {
            scope: 'orders:read orders:write',
            sub: 'x',
          },
        ),
        id: fc.string({ maxLength: 4 }),
      })
      .map(({ route, consumer, tenant, method, path, claims, id }) =>
        policyInput({
          request: { id, method, path },
          route: { name: route },
          consumer: consumer === null ? null : { name: consumer },
          tenant,
          claims,
        }),
      );
    const cache = { dependsOn: DEPENDS_ON, entriesMax: 20 };
    await withPolicies({ fresh: AUTHZ, cached: { ...AUTHZ, cache } }, async (policies) => {
      await fc.assert(
        fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 8 }), async (inputs) => {
          for (const one of inputs) {
            const fresh = await policies.evaluate('fresh', one);
            assert.equal(fresh.kind, 'decided');
            assert.deepEqual(await policies.evaluate('cached', one), fresh);
            assert.deepEqual(await policies.evaluate('cached', one), fresh);
          }
        }),
        { numRuns: 150 },
      );
      const counts = policies.counts().get('cached');
      assert.ok(counts !== undefined && counts.cacheHits >= counts.cacheMisses);
      assert.equal(counts.asked, counts.cacheMisses);
    });
  });

  it('sees nothing but what it is said to depend on, so it never depends on more', async () => {
    const rules = join(folder, 'sees.rego');
    writeFileSync(rules, 'package sees\n\ndecision if input.claims.admin\n');
    const policy = { source: { rego: { files: [rules] } }, entrypoint: 'sees/decision' };
    const admin = policyInput({ claims: { admin: true } });
    await withPolicies(
      { all: policy, some: { ...policy, cache: { dependsOn: ['tenant', 'claims.scope'] } } },
      async (policies) => {
        assert.equal(outcomeOf(await policies.evaluate('all', admin)), true);
        assert.equal(outcomeOf(await policies.evaluate('some', admin)), false);
        assert.equal(outcomeOf(await policies.evaluate('some', policyInput())), false);
      },
    );
  });
});

describe('a remembered decision of an OPA elsewhere', () => {
  it('stands while OPA is slow and broken, until its time is over; a failure is never remembered', async () => {
    let mode: 'up' | 'slow' | 'broken' = 'up';
    const answer: RequestListener = (_, response) => {
      if (mode === 'up') response.end('{"result":true}');
      if (mode === 'broken') response.writeHead(500).end('oops');
    };
    await withServer(answer, (url) =>
      withPolicies(remote(url, 3_600_000), async (policies) => {
        const ask = async (tenant: string): Promise<string | boolean> =>
          outcomeOf(await policies.evaluate('authz', of(tenant)));
        assert.equal(await ask('acme'), true);
        mode = 'slow';
        assert.equal(await ask('acme'), true);
        assert.equal(await ask('zeta'), 'timeout');
        mode = 'broken';
        assert.equal(await ask('acme'), true);
        assert.equal(await ask('zeta'), 'unavailable');
        mode = 'up';
        assert.equal(await ask('zeta'), true);
        assert.deepEqual(policies.counts().get('authz'), {
          asked: 4,
          inline: 0,
          fellBack: 0,
          cacheHits: 2,
          cacheMisses: 4,
        });
      }),
    );
  });

  it('is made anew when its time is over', async () => {
    let allowed = true;
    const answer: RequestListener = (_, response) => void response.end(`{"result":${allowed}}`);
    await withServer(answer, (url) =>
      withPolicies(remote(url, 1), async (policies) => {
        assert.equal(outcomeOf(await policies.evaluate('authz', of('acme'))), true);
        allowed = false;
        await until('it is made anew', async () => {
          return outcomeOf(await policies.evaluate('authz', of('acme'))) === false;
        });
      }),
    );
  });
});

describe('a new bundle', { skip: opaMissing }, () => {
  it('empties what was remembered of the one before', async () => {
    const bundles = new Map(['true', 'false'].map((says) => [says, bundleOf(says)]));
    let served = 'true';
    const answer: RequestListener = (_, response) =>
      void response.writeHead(200, { etag: `"${served}"` }).end(bundles.get(served));
    await withServer(answer, async (url) => {
      const policy = {
        source: { bundle: { url: `${url}/bundle.tar.gz`, pollMs: 1000 } },
        entrypoint: 'swap/decision',
        timeoutMs: 10_000,
        cache: { dependsOn: ['tenant'], ttlMs: 3_600_000 },
      };
      await withPolicies({ authz: policy }, async (policies) => {
        const ask = async (): Promise<string | boolean> =>
          outcomeOf(await policies.evaluate('authz', policyInput()));
        assert.equal(await ask(), true);
        assert.equal(await ask(), true);
        assert.equal(policies.counts().get('authz')?.cacheHits, 1);
        served = 'false';
        await until('the new one decides', async () => (await ask()) === false, 10_000);
      });
    });
  });
});
