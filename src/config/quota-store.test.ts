import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseConfig } from './load.ts';

const PLANS = 'plans: { plan: { quotas: [{ requests: 1, per: day }] } }';

function load(redis: string, env: Readonly<Record<string, string>> = {}) {
  const text = `version: 1\n${PLANS}\nquotas: { redis: { ${redis} } }`;
  return parseConfig(text, { file: 'gateway.yaml', baseDir: '/etc/gateway', env });
}

function problemsOf(redis: string, env: Readonly<Record<string, string>> = {}): string[] {
  const loaded = load(redis, env);
  return loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('quotas.redis', () => {
  it('is a server, sentinels or a cluster, and only one of them', () => {
    assert.deepEqual(problemsOf('url: "redis://127.0.0.1:6379"'), []);
    assert.deepEqual(problemsOf('sentinel: { name: quotas, nodes: ["127.0.0.1:26379"] }'), []);
    assert.deepEqual(problemsOf('cluster: ["127.0.0.1:7000", "[::1]:7001"]'), []);
    const one = 'quotas.redis: exactly one of url, sentinel and cluster is needed';
    assert.deepEqual(problemsOf('syncMs: 100'), [one]);
    assert.deepEqual(problemsOf('url: "redis://127.0.0.1", cluster: ["127.0.0.1:7000"]'), [one]);
  });

  it('holds no password, and no message repeats one', () => {
    const env = { STORE: 'redis://someone:hunter2-hunter2@127.0.0.1:6379' };
    const [problem = ''] = problemsOf('url: "${STORE}"', env);
    assert.match(problem, /quotas\.redis\.url: .*put them into credentials/);
    assert.doesNotMatch(problem, /hunter2/);
  });

  it('takes a password from one place', () => {
    const url = 'url: "redis://127.0.0.1"';
    assert.deepEqual(problemsOf(`${url}, credentials: { passwordEnv: REDIS_PASSWORD }`), []);
    for (const both of ['username: one', 'passwordEnv: ONE, passwordFile: one']) {
      assert.deepEqual(problemsOf(`${url}, credentials: { ${both} }`), [
        'quotas.redis.credentials: exactly one of passwordFile and passwordEnv is needed',
      ]);
    }
  });

  it('says what does not go together', () => {
    const tls = 'tls: { cert: gateway.crt }';
    assert.deepEqual(problemsOf(`url: "redis://127.0.0.1", tls: {}`), [
      'quotas.redis.tls: with url, TLS begins with rediss://',
    ]);
    assert.deepEqual(problemsOf(`cluster: ["127.0.0.1:7000"], database: 1`), [
      'quotas.redis.database: a cluster has database 0 only',
    ]);
    assert.deepEqual(problemsOf(`url: "rediss://127.0.0.1", ${tls}`), [
      'quotas.redis.tls: cert and key need each other',
    ]);
    for (const url of ['http://127.0.0.1', 'redis://127.0.0.1/3', 'redis:', '127.0.0.1:6379']) {
      assert.equal(problemsOf(`url: "${url}"`).length, 1, url);
    }
  });

  it('finds files beside the configuration, and speaks TLS to rediss://', () => {
    const loaded = load('url: "rediss://redis.test", credentials: { passwordFile: secrets/redis }');
    assert.ok(loaded.ok);
    const redis = loaded.model.quotas?.redis ?? null;
    assert.equal(redis?.credentials?.passwordFile, '/etc/gateway/secrets/redis');
    assert.deepEqual(redis?.tls, { ca: null, cert: null, key: null, serverName: null });
    assert.equal(redis?.whenUnavailable, 'local');
  });
});
