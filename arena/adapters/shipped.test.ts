/**
 * The targets that are shipped: their manifests are right, their templates render, the targets
 * themselves accept what is rendered, start, do the work of their tiers and leave nothing behind.
 * What is not installed is skipped by name; with CI=true it fails.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';

import { formatProblem } from '../../src/config/problem.ts';
import { freePort } from '../../test/support/ports.ts';
import { isAlive } from '../../test/support/processes.ts';
import { makeCredentials, type Credentials } from '../tiers/credentials.ts';
import { probe } from '../tiers/probe.ts';
import { startUpstream, type Upstream } from '../tiers/stand-in/upstream.ts';
import { type Tier, TIERS } from '../tiers/tiers.ts';
import { readCatalog, targetOf } from './catalog.ts';
import { type Description, prepare } from './prepared.ts';
import { checkConfiguration } from './process.ts';
import { treeOf } from './process-tree.ts';
import { assertFree } from './readiness.ts';
import type { StartPlan } from './target.ts';

const SHIPPED = [
  'agentgateway',
  'apisix',
  'caddy',
  'direct',
  'envoy',
  'haproxy',
  'kong',
  'krakend',
  'nginx',
  'node-fastify',
  'stoa',
  'stoa-native',
  'stoa-upstream-original',
  'traefik',
];

const { descriptions, problems } = readCatalog();

function tiersOf({ manifest }: Description): Tier[] {
  return TIERS.filter((tier) => manifest.tiers[tier] !== undefined);
}

let upstream: Upstream;
let credentials: Credentials;
before(async () => {
  upstream = await startUpstream();
  credentials = await makeCredentials();
});
after(() => upstream.stop());

async function withPlan<T>(tier: Tier, use: (plan: StartPlan) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'arena-target-'));
  try {
    const port = await freePort();
    const { host, port: upstreamPort } = upstream;
    const where = { folder, port, upstream: { host, port: upstreamPort } };
    return await use({ ...where, tier, workers: 1, cores: '0', memoryMaxBytes: 536_870_912 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** True when the target is here. */
async function isHere(description: Description, t: TestContext): Promise<boolean> {
  const found = await targetOf(description).examine();
  if (found.status === 'ready') return true;
  if (process.env['CI'] === 'true' && description.manifest.kind === 'process') {
    assert.fail(found.why);
  }
  t.skip(found.why);
  return false;
}

describe('the shipped targets', () => {
  it('have manifests that are right', () => {
    assert.deepEqual(problems.map(formatProblem), []);
  });

  it('are these', () => {
    assert.deepEqual(
      descriptions.map(({ name }) => name),
      SHIPPED,
    );
  });
});

for (const description of descriptions) {
  const { name, manifest } = description;
  describe(name, () => {
    for (const tier of tiersOf(description)) {
      it(`renders what tier ${tier} needs, the same each time`, async () => {
        await withPlan(tier, async (plan) => {
          const [first, second] = [
            await prepare(description, plan),
            await prepare(description, plan),
          ];
          assert.equal(first.configs.length, Object.keys(manifest.tiers[tier] ?? {}).length);
          if (manifest.ports.length > 0) return;
          assert.deepEqual(
            first.configs.map(({ sha256 }) => sha256),
            second.configs.map(({ sha256 }) => sha256),
          );
        });
      });
    }

    const { command } = manifest;
    if (command?.check !== undefined) {
      for (const tier of tiersOf(description)) {
        it(`accepts its own configuration of tier ${tier}`, async (t) => {
          if (!(await isHere(description, t))) return;
          await withPlan(tier, async (plan) => {
            assert.equal(await checkConfiguration(description, command, plan), null);
          });
        });
      }
    }

    for (const tier of tiersOf(description)) {
      it(`does the work of tier ${tier}, and ends with nothing left`, async (t) => {
        if (!(await isHere(description, t))) return;
        await withPlan(tier, async (plan) => {
          const running = await targetOf(description).start(plan);
          const tree = running.pid === null ? [] : treeOf(running.pid);
          try {
            const record = await probe({
              target: name,
              host: running.host,
              port: running.port,
              tier,
              routed: manifest.url !== 'upstream',
              upstream,
              credentials,
            });
            const failed = record.checks.filter(({ passed }) => !passed);
            assert.deepEqual(failed, [], running.output());
            assert.ok(record.passed);
          } finally {
            await running.stop();
          }
          assert.deepEqual(tree.filter(isAlive), []);
          assert.equal(running.alive(), manifest.kind === 'url');
          await assertFree(plan.port);
        });
      });
    }
  });
}
