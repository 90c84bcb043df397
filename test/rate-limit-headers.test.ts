/**
 * What a rate limit tells its caller, and whose requests it counts together.
 *
 * Source: draft-ietf-httpapi-ratelimit-headers §3, §4; RFC 9110 §10.2.3.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { stage, upstreamYaml } from './support/stage.ts';

const HOUR_MS = 3_600_000;

function limited(name: string, by: string, more = ''): string {
  return `  - { name: ${name}, match: { path: /${name} }, upstream: up, auth: { apiKey: { header: x-api-key } }, rateLimit: { by: ${by}, requests: 3, windowMs: ${HOUR_MS}${more} } }`;
}

const YAML = `
consumers:
  app-a: { tenant: acme, apiKeys: [{ value: key-a }, { value: key-a2 }] }
  app-b: { tenant: acme, apiKeys: [{ value: key-b }] }
  app-c: { tenant: other, apiKeys: [{ value: key-c }] }
routes:
${limited('both', 'consumer')}
${limited('ietf', 'consumer', ', headers: ietf')}
${limited('x', 'consumer', ', headers: x')}
${limited('none', 'consumer', ', headers: none')}
${limited('by-consumer', 'consumer')}
${limited('by-tenant', 'tenant')}
${limited('by-route', 'route')}
${limited('by-client', 'clientIp')}
${limited('by-header', '{ header: x-user }')}
  - { name: quick, match: { path: /quick }, upstream: up, rateLimit: { by: route, requests: 10, windowMs: 1000, burst: 1 } }
`;

describe('rate limit', () => {
  const on = stage((url) => `${upstreamYaml(url)}${YAML}`);

  function ask(path: string, key = 'key-a', headers: Record<string, string> = {}) {
    return on.call(`GET ${path}`, { headers: { 'x-api-key': key, ...headers } });
  }

  it('counts down in both families of headers, then refuses with Retry-After', async () => {
    for (const remaining of [2, 1, 0]) {
      const answer = await ask('/both');
      assert.equal(answer.status, 200);
      assert.equal(answer.header('x-ratelimit-limit'), '3');
      assert.equal(answer.header('x-ratelimit-remaining'), String(remaining));
      assert.match(answer.header('x-ratelimit-reset') ?? '', /^\d+$/);
      assert.match(answer.header('ratelimit-policy') ?? '', /^"[^"]+";q=3;w=3600$/);
      assert.match(answer.header('ratelimit') ?? '', new RegExp(`^"[^"]+";r=${remaining};t=\\d+$`));
      assert.equal(answer.header('retry-after'), null);
    }
    const refused = await ask('/both');
    assert.equal(refused.problem, 'rate_limited');
    assert.equal(refused.header('x-ratelimit-remaining'), '0');
    assert.match(refused.header('ratelimit') ?? '', /;r=0;t=\d+$/);
    const retry = Number(refused.header('retry-after'));
    assert.ok(retry > 1100 && retry <= 1200, `a third of the window, not ${retry} s`);
  });

  it('writes only the family chosen', async () => {
    const ietf = await ask('/ietf');
    assert.ok(ietf.header('ratelimit') !== null && ietf.header('ratelimit-policy') !== null);
    assert.equal(ietf.header('x-ratelimit-limit'), null);

    const x = await ask('/x');
    assert.ok(x.header('x-ratelimit-limit') !== null);
    assert.equal(x.header('ratelimit'), null);

    await Promise.all([ask('/none'), ask('/none'), ask('/none')]);
    const refused = await ask('/none');
    assert.equal(refused.status, 429);
    assert.equal(refused.header('ratelimit') ?? refused.header('x-ratelimit-limit'), null);
    assert.notEqual(refused.header('retry-after'), null);
  });

  it('replaces what an upstream says of its own limit', async () => {
    on.upstream.answer = () =>
      'HTTP/1.1 200 OK\r\nX-RateLimit-Limit: 99\r\nRateLimit: "up";r=1;t=1\r\nContent-Length: 0\r\n\r\n';
    const answer = await ask('/both', 'key-c');
    assert.equal(answer.header('x-ratelimit-limit'), '3');
    assert.match(answer.header('ratelimit') ?? '', /;r=2;/);
  });

  it('counts a consumer’s keys together and consumers apart', async () => {
    await Promise.all([ask('/by-consumer', 'key-a'), ask('/by-consumer', 'key-a2')]);
    assert.equal((await ask('/by-consumer', 'key-a')).status, 200);
    assert.equal((await ask('/by-consumer', 'key-a2')).status, 429);
    assert.equal((await ask('/by-consumer', 'key-b')).status, 200);
  });

  it('counts a tenant’s consumers together', async () => {
    for (const key of ['key-a', 'key-b', 'key-a']) {
      assert.equal((await ask('/by-tenant', key)).status, 200);
    }
    assert.equal((await ask('/by-tenant', 'key-b')).status, 429);
    assert.equal((await ask('/by-tenant', 'key-c')).status, 200);
  });

  it('counts a route’s callers together', async () => {
    for (const key of ['key-a', 'key-b', 'key-c']) {
      assert.equal((await ask('/by-route', key)).status, 200);
    }
    assert.equal((await ask('/by-route', 'key-c')).status, 429);
  });

  it('counts a client by its socket, not by what it says', async () => {
    for (const ip of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) {
      assert.equal((await ask('/by-client', 'key-a', { 'x-forwarded-for': ip })).status, 200);
    }
    const forged = await ask('/by-client', 'key-b', { 'x-forwarded-for': '4.4.4.4' });
    assert.equal(forged.status, 429);
  });

  it('counts by a header’s value', async () => {
    for (let count = 0; count < 3; count++) {
      assert.equal((await ask('/by-header', 'key-a', { 'x-user': 'ann' })).status, 200);
    }
    assert.equal((await ask('/by-header', 'key-a', { 'x-user': 'ann' })).status, 429);
    assert.equal((await ask('/by-header', 'key-a', { 'x-user': 'bob' })).status, 200);
  });

  it('does not charge a caller who is refused for another reason', async () => {
    for (let count = 0; count < 5; count++) {
      assert.equal((await on.call('GET /by-header')).problem, 'api_key_missing');
    }
    assert.equal((await ask('/by-header', 'key-a', { 'x-user': 'cy' })).status, 200);
  });

  it('lets through what has become free again', async () => {
    assert.equal((await on.call('GET /quick')).status, 200);
    const deadline = Date.now() + 5000;
    let status = 0;
    while (status !== 200 && Date.now() < deadline) ({ status } = await on.call('GET /quick'));
    assert.equal(status, 200);
  });
});
