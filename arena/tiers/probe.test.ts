/**
 * The probe itself: who does the work passes, and whatever is left out is found.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ProbeRecord } from '../results/records.ts';
import type { Subject } from './check.ts';
import { type Credentials, makeCredentials } from './credentials.ts';
import { probe } from './probe.ts';
import { FLAWS, type Flaw, startGateway } from './stand-in/gateway.ts';
import { startUpstream, type Upstream } from '../load/native.ts';
import { type Tier, TIERS } from './tiers.ts';

/** The tiers that the stand-in does the work of. */
const DONE: readonly Tier[] = ['pass', 'key', 'full', 'jwt'];

/** The first tier that asks for what the flaw leaves out, and the check that has to find it. */
const FOUND: Readonly<Record<Flaw, readonly [Tier, RegExp]>> = {
  'answers 404 to everything': ['pass', /a body of 1024 bytes arrives whole/],
  'skips the key check': ['key', /an unknown key is a 401/],
  'shows the key to the upstream': ['key', /does not see the key/],
  'drops the body of a request': ['pass', /a POST of 1024 bytes with its length/],
  'cuts a large answer': ['pass', /a body of 65536 bytes/],
  'closes each connection': ['pass', /downstream connection is kept/],
  'opens an upstream connection for each request': ['pass', /upstream connection is kept/],
  'passes unknown routes': ['pass', /an unknown route is a 404/],
  'believes x-tenant of a client': ['full', /x-tenant is the caller's/],
  'leaves x-debug in': ['full', /x-debug is taken out/],
  'answers with another request id': ['full', /x-request-id goes/],
  'sends no forwarding headers': ['full', /X-Forwarded-For/],
  'limits nobody': ['full', /a limit of 5 is kept/],
  'limits all consumers together': ['full', /for each consumer alone/],
  'reads tokens without verifying them': ['jwt', /of another key is a 401/],
  'takes expired tokens': ['jwt', /expired is a 401/],
};

let upstream: Upstream;
let credentials: Credentials;
before(async () => {
  upstream = await startUpstream({ cores: '0,1' });
  credentials = await makeCredentials();
});
after(() => upstream.program.stop());

function subjectOf(tier: Tier, port: number): Subject {
  const here = { host: '127.0.0.1', port };
  return { target: 'stand-in', ...here, tier, routed: true, upstream, credentials };
}

async function probed(tier: Tier, flaw: Flaw | null): Promise<ProbeRecord> {
  const gateway = await startGateway(tier, upstream, flaw);
  try {
    return await probe(subjectOf(tier, gateway.port));
  } finally {
    await gateway.stop();
  }
}

describe('the probe', () => {
  for (const tier of DONE) {
    it(`passes who does the work of tier ${tier}`, async () => {
      const record = await probed(tier, null);
      assert.deepEqual(
        record.checks.filter(({ passed }) => !passed),
        [],
      );
      assert.deepEqual(ProbeRecord.parse(record), record);
      assert.ok(record.passed);
    });
  }

  for (const flaw of FLAWS) {
    const [tier, check] = FOUND[flaw];
    it(`finds who ${flaw}, in tier ${tier}`, async () => {
      const record = await probed(tier, flaw);
      assert.equal(record.passed, false);
      const failed = record.checks.filter(({ passed }) => !passed);
      assert.ok(
        failed.some(({ name }) => check.test(name)),
        JSON.stringify(failed),
      );
      for (const { detail } of failed) assert.notEqual(detail, '');
    });
  }

  it('does not pass who does the work of the tier below only', async () => {
    const below = [
      ['pass', 'key'],
      ['key', 'full'],
      ['full', 'jwt'],
      ['full', 'routes'],
      ['jwt', 'opa'],
    ] as const;
    for (const [done, asked] of below) {
      const gateway = await startGateway(done, upstream, null);
      const record = await probe(subjectOf(asked, gateway.port));
      await gateway.stop();
      assert.equal(record.passed, false, asked);
    }
  });

  it('of a target that does not answer fails in every question, and does not reject', async () => {
    const gateway = await startGateway('pass', upstream, null);
    await gateway.stop();
    const record = await probe(subjectOf('pass', gateway.port));
    assert.ok(record.checks.every(({ passed }) => !passed));
    assert.match(record.checks[0]?.detail ?? '', /ECONNREFUSED/);
  });

  it('of the upstream itself asks for no 404', async () => {
    const record = await probe({ ...subjectOf('pass', upstream.port), routed: false });
    assert.ok(record.passed, JSON.stringify(record.checks));
  });

  it('asks more in each tier', async () => {
    const counts = new Map<Tier, number>();
    for (const tier of TIERS) {
      const record = await probe(subjectOf(tier, upstream.port));
      counts.set(tier, record.checks.length);
    }
    const [pass = 0, key = 0, full = 0, jwt = 0, opa = 0, routes = 0] = counts.values();
    assert.ok(pass < key && key < full && full < jwt && jwt < opa && full < routes);
  });
});
