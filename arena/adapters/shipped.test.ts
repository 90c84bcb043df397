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
import { parse } from 'yaml';

import { formatProblem } from '../../src/config/problem.ts';
import { freePort } from '../host/ports.ts';
import { isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import type { ProbeRecord } from '../results/records.ts';
import { Caller } from '../tiers/caller.ts';
import { makeCredentials, type Credentials } from '../tiers/credentials.ts';
import { probe } from '../tiers/probe.ts';
import { requestsOf } from '../tiers/requests.ts';
import { startUpstream, type Upstream } from '../load/native.ts';
import { type Tier, TIERS } from '../tiers/tiers.ts';
import { readCatalog, targetOf } from './catalog.ts';
import { type Description, prepare } from './prepared.ts';
import { checkConfiguration } from './process.ts';
import { treeOf } from '../host/process-tree.ts';
import { assertFree } from './readiness.ts';
import type { RunningTarget, StartPlan } from './target.ts';

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
  upstream = await startUpstream({ cores: '0,1' });
  credentials = await makeCredentials();
});
after(() => upstream.program.stop());

async function withPlan<T>(tier: Tier, use: (plan: StartPlan) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'arena-target-'));
  try {
    const port = await freePort();
    const { host, port: upstreamPort } = upstream;
    const where = { folder, port, upstream: { host, port: upstreamPort } };
    const workers = tier === 'pass' ? 2 : 1;
    return await use({ ...where, tier, workers, cores: '0', memoryMaxBytes: 536_870_912 });
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

function probed(
  { name, manifest }: Description,
  { host, port }: RunningTarget,
  tier: Tier,
): Promise<ProbeRecord> {
  const routed = manifest.url !== 'upstream';
  return probe({ target: name, host, port, tier, routed, upstream, credentials });
}

/** Every request that the tier is measured with is answered as the load expects. */
async function assertTakesMix({ host, port }: RunningTarget, tier: Tier): Promise<void> {
  const caller = new Caller({ host, port });
  try {
    for (const { path, headers } of requestsOf(tier, 'bytes/138', credentials.token)) {
      const { status, body } = await caller.call({ path, headers });
      assert.deepEqual([status, body.length], [200, 138], path);
    }
  } finally {
    caller.close();
  }
}

async function hasPassed(
  description: Description,
  running: RunningTarget,
  tier: Tier,
): Promise<boolean> {
  return (await probed(description, running, tier)).passed;
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
          for (const { file, text } of first.configs) {
            if (file.endsWith('.json')) JSON.parse(text);
            if (/\.ya?ml$/.test(file)) parse(text, { strict: true, uniqueKeys: true });
          }
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

    if (manifest.scenarios.includes('reload')) {
      it('reads its configuration again, and goes on doing its work', async (t) => {
        if (!(await isHere(description, t))) return;
        await withPlan('pass', async (plan) => {
          const running = await targetOf(description).start(plan);
          try {
            assert.ok(running.reload, 'the manifest names no way to reload');
            await running.reload();
            await until('it is settled', () => hasPassed(description, running, 'pass'));
            assert.ok(running.alive());
          } finally {
            await running.stop();
          }
          await assertFree(plan.port);
        });
      });
    }

    for (const tier of tiersOf(description)) {
      it(`does the work of tier ${tier}, and ends with nothing left`, async (t) => {
        if (!(await isHere(description, t))) return;
        await withPlan(tier, async (plan) => {
          const running = await targetOf(description).start(plan);
          const tree = running.pid === null ? [] : treeOf(running.pid);
          try {
            const record = await probed(description, running, tier);
            const failed = record.checks.filter(({ passed }) => !passed);
            assert.deepEqual(failed, [], running.output());
            assert.ok(record.passed);
            await assertTakesMix(running, tier);
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

describe('caddy without its module for rate limits', () => {
  const caddy = descriptions.find(({ name }) => name === 'caddy');

  it('does not say that it does tier full, and is found out if it did', async (t) => {
    assert.ok(caddy);
    assert.equal(caddy.manifest.tiers.full, undefined);
    assert.match(caddy.manifest.cannot.full ?? '', /no rate limit/);
    if (!(await isHere(caddy, t))) return;
    await withPlan('key', async (plan) => {
      const running = await targetOf(caddy).start(plan);
      try {
        const { passed, checks } = await probed(caddy, running, 'full');
        const limit = checks.find((check) => check.name.startsWith('a limit of 5'));
        assert.deepEqual([passed, limit?.passed], [false, false]);
      } finally {
        await running.stop();
      }
    });
  });
});
