/**
 * The shared count in a real Redis: exact whatever happens to reports on their way, and reached only as configured.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';

import { openRedis } from '../../src/quotas/redis.ts';
import type { Report } from '../../src/quotas/store.ts';
import { testPki } from '../support/pki.ts';
import { optionsOf } from '../support/quota-store.ts';
import { PROJECT } from '../support/gateway.ts';
import { RedisServer, redisMissing } from '../support/redis.ts';

const DAY_MS = 86_400_000;
const START_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;

function reportOf(key: string, field: string, amount: number): Report {
  return { key, field, amount, windowStartMs: START_MS, windowEndMs: START_MS + DAY_MS };
}

const skip = redisMissing() ?? false;

describe('the count in Redis', { skip }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis?.stop());

  it('is the sum of what each contributed in the end, however often and in which order it was told', async () => {
    const store = await openRedis(optionsOf(`url: "redis://127.0.0.1:${redis.port}"`));
    const report = fc.record({
      field: fc.constantFrom('a.1', 'a.2', 'b.1'),
      amount: fc.integer({ min: 1, max: 2 ** 51 - 1 }),
    });
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 30 }), async (told) => {
          run += 1;
          const key = `property-${run}`;
          const reports = told.map(({ field, amount }) => reportOf(key, field, amount));
          for (let at = 0; at < reports.length; at += 7) {
            await store.report(reports.slice(at, at + 7));
          }
          const most = new Map<string, number>();
          for (const { field, amount } of told) {
            most.set(field, Math.max(amount, most.get(field) ?? 0));
          }
          const [counted] = await store.report([reportOf(key, told[0]?.field ?? '', 1)]);
          assert.equal(
            counted?.total,
            [...most.values()].reduce((sum, one) => sum + one, 0),
          );
          assert.equal(counted?.before, most.get(told[0]?.field ?? ''));
        }),
        { numRuns: 50 },
      );
    } finally {
      store.close();
    }
  });

  it('goes a minute after its window', async () => {
    const store = await openRedis(
      optionsOf(`url: "redis://127.0.0.1:${redis.port}", database: 3, keyPrefix: "test:"`),
    );
    await store.report([reportOf('gone', 'a.1', 5)]);
    store.close();
    const key = `test:${START_MS}-${START_MS + DAY_MS}:gone`;
    assert.equal(redis.ask('-n', '3', 'PEXPIRETIME', key), String(START_MS + DAY_MS + 60_000));
  });

  it('says of an answer that does not come only that it did not come', async () => {
    const store = await openRedis(
      optionsOf(`url: "redis://127.0.0.1:${redis.port}", timeoutMs: 50`),
    );
    redis.signal('SIGSTOP');
    try {
      await assert.rejects(store.report([reportOf('late', 'a.1', 5)]), /no answer in 50 ms/);
      await assert.rejects(store.ping(), /no answer in 50 ms/);
      await assert.rejects(
        openRedis(optionsOf(`url: "redis://127.0.0.1:${redis.port}", connectMs: 50`)),
        /no answer in 50 ms/,
      );
    } finally {
      redis.signal('SIGCONT');
      store.close();
    }
  });
});

describe('a Redis with users', { skip }, () => {
  const PASSWORD = 'correct horse battery';
  /** Those that docs/quotas.md asks for. */
  const PERMISSIONS = `~stoa:quota:* ${permissionsTold()}`;
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start(
      ['requirepass for-the-default-user', `user gateway on #${sha256(PASSWORD)} ${PERMISSIONS}`],
      { cli: ['-a', 'for-the-default-user', '--no-auth-warning'] },
    );
    writeFileSync(join(redis.folder, 'password'), `${PASSWORD}\n`);
    writeFileSync(join(redis.folder, 'wrong'), 'Tr0ub4dor');
  });
  after(() => redis?.stop());

  const open = (keys: string) =>
    openRedis(optionsOf(`url: "redis://127.0.0.1:${redis.port}", ${keys}`, redis.folder));

  it('takes user and password from a file, or from the environment', async () => {
    process.env['QUOTAS_TEST_PASSWORD'] = PASSWORD;
    for (const source of ['passwordFile: password', 'passwordEnv: QUOTAS_TEST_PASSWORD']) {
      const store = await open(`credentials: { username: gateway, ${source} }`);
      const [counted] = await store.report([reportOf(source, 'a.1', 5)]);
      assert.equal(counted?.total, 5);
      store.close();
    }
  });

  it('is not reached with a wrong one, and no message has it', async () => {
    await assert.rejects(open('credentials: { username: gateway, passwordFile: wrong }'), {
      message: /WRONGPASS/,
    });
    for (const credentials of [
      '{ username: gateway, passwordFile: wrong }',
      '{ passwordEnv: QUOTAS_NOT_SET }',
    ]) {
      const error: unknown = await open(`credentials: ${credentials}`).catch((thrown) => thrown);
      assert.ok(error instanceof Error);
      assert.doesNotMatch(error.stack ?? '', /Tr0ub4dor/);
    }
    const store = await open('database: 0').catch(() => null);
    await assert.rejects(
      async () => store?.ping() ?? Promise.reject(new Error('NOAUTH')),
      /NOAUTH/,
    );
    store?.close();
  });
});

describe('a Redis behind TLS', { skip }, () => {
  const pki = testPki();
  let redis: RedisServer;
  before(async () => {
    const own = ['--cert', pki.file('good.crt'), '--key', pki.file('good.key')];
    redis = await RedisServer.start(
      (port) => [
        'port 0',
        `tls-port ${port}`,
        `tls-cert-file ${pki.file('gw.crt')}`,
        `tls-key-file ${pki.file('gw.key')}`,
        `tls-ca-cert-file ${pki.file('ca.crt')}`,
      ],
      { cli: ['--tls', '--sni', 'gw.test', '--cacert', pki.file('ca.crt'), ...own] },
    );
  });
  after(() => redis?.stop());

  const open = (tls: string) =>
    openRedis(optionsOf(`url: "rediss://127.0.0.1:${redis.port}", ${tls}`, pki.directory));

  it('is reached with a certificate that it asks for, if its own is believed', async () => {
    const store = await open(
      'tls: { ca: ca.crt, cert: good.crt, key: good.key, serverName: gw.test }',
    );
    const [counted] = await store.report([reportOf('tls', 'a.1', 5)]);
    assert.equal(counted?.total, 5);
    store.close();
  });

  it('is not believed with a certificate of an unknown authority, or for another name', async () => {
    await assert.rejects(open('database: 0'), /certificate/);
    await assert.rejects(
      open('tls: { ca: ca.crt, cert: good.crt, key: good.key, serverName: other.test }'),
      /other\.test/,
    );
  });

  it('does not answer whom it does not believe', async () => {
    await assert.rejects(open('tls: { ca: ca.crt, serverName: gw.test }'));
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function permissionsTold(): string {
  const page = readFileSync(join(PROJECT, 'docs/quotas.md'), 'utf8');
  const [, told = ''] = /The user needs `([^`]+)`/.exec(page) ?? [];
  assert.match(told, /evalsha/);
  return told;
}
