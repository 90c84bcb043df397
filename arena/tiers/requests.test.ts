import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';

import { makeCredentials } from './credentials.ts';
import { requestsOf } from './requests.ts';
import { CALLER, requestOf, TIERS } from './tiers.ts';

describe('the requests of a tier', () => {
  it('are one, with what the tier needs and nothing more, where there is one route', () => {
    for (const tier of TIERS.filter((name) => name !== 'routes')) {
      const [request, ...others] = requestsOf(tier, 'bytes/138', 'T');
      assert.deepEqual(others, []);
      assert.deepEqual(request, requestOf(tier, 'bytes/138', 'T'));
      assert.equal(request?.path, '/api/bytes/138');
      assert.equal(request?.headers['x-api-key'], tier === 'pass' ? undefined : CALLER.key);
      const hasToken = tier === 'jwt' || tier === 'opa';
      assert.equal(request?.headers['authorization'], hasToken ? 'Bearer T' : undefined);
    }
  });

  it('go round 64 routes and as many keys where there are many', () => {
    const requests = requestsOf('routes', 'bytes/138');
    assert.equal(requests.length, 64);
    assert.equal(new Set(requests.map(({ path }) => path)).size, 64);
    assert.equal(new Set(requests.map(({ headers }) => headers['x-api-key'])).size, 64);
    for (const { path, headers } of requests) {
      const [, route] = /^\/api\/r\/(\d+)\/bytes\/138$/.exec(path) ?? [];
      assert.ok(Number(route) < 1000, path);
      const consumer = Number.parseInt(headers['x-api-key']?.slice(8) ?? '', 16);
      assert.ok(consumer < 10_000, `${consumer}`);
    }
  });

  it('with many routes begin with one of them, alone, too', () => {
    assert.match(requestOf('routes', 'probe').path, /^\/api\/r\/500\/probe$/);
  });
});

describe('the credentials', () => {
  it('differ from the good one in what they are refused for', async () => {
    const { token, refused } = await makeCredentials();
    const now = Date.now() / 1000;
    assert.equal(decodeProtectedHeader(token).alg, 'ES256');
    assert.ok((decodeJwt(token).exp ?? 0) > now + 86_400);
    assert.ok((decodeJwt(refused.expired).exp ?? now) < now);
    assert.equal(decodeProtectedHeader(refused.unsigned).alg, 'none');
    assert.deepEqual(decodeJwt(refused.garbled), decodeJwt(token));
    assert.notEqual(refused.garbled, token);
    assert.equal(decodeProtectedHeader(refused['of another key']).alg, 'ES256');
  });
});
