/**
 * Routes that ask for a token: verified once, known natively from then on; on either front the same.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { type Answer, call, type CallOptions } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep } from '../../arena/host/wait.ts';

const METADATA = 'https://api.test/.well-known/oauth-protected-resource/orders';
const PAUSED = 'stoa_exchanges_paused_total';
const LIMIT = 'requests: 2, windowMs: 3600000';
const SET = `request: { headers: { set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}" } } }`;

const yaml = (up: string, issuer: SlowIssuer) => `${upstreamYaml(up)}${issuer.yaml}
consumers: { shop: { tenant: acme, apiKeys: [{ value: shop-key }] } }
routes:
  - { name: orders, match: { path: /orders }, upstream: up, auth: { jwt: { scopes: [read], headers: { x-user: sub }, resourceMetadata: "${METADATA}" } }, ${SET} }
  - { name: kept, match: { path: /kept }, upstream: up, auth: { jwt: { forwardToken: true } } }
  - { name: either, match: { path: /either }, upstream: up, auth: { apiKey: {}, jwt: { headers: { x-user: sub } } }, ${SET} }
  - { name: limited, match: { path: /limited }, upstream: up, auth: { jwt: {} }, rateLimit: { by: consumer, ${LIMIT} } }
  - { name: shared, match: { path: /shared }, upstream: up, auth: { jwt: {} }, rateLimit: { by: tenant, ${LIMIT} } }
`;

const key = (value: string) => ({ headers: { 'x-api-key': value } });

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a token on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    before(async () => {
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      gateway = await startGateway(yaml(upstream.url, issuer), { front });
    });
    beforeEach(() => upstream.forget());
    after(() => stopAll(gateway, upstream, issuer));

    const as = (token: string, line: string, options: CallOptions = {}): Promise<Answer> =>
      call(gateway.port, line, {
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${token}` },
      });
    const sent = (name: string) => valuesOf(upstream.last.fields, name);

    it('is verified once and then known without being asked about', async () => {
      const token = await issuer.token({ scope: 'read', pad: 'x'.repeat(900) });
      const paused = await gateway.metric(PAUSED);
      for (let count = 0; count < 5; count++) {
        assert.equal((await as(token, 'GET /orders')).status, 200);
        assert.deepEqual(sent('x-user'), ['shop']);
        assert.deepEqual(sent('x-consumer'), ['shop']);
        assert.deepEqual(sent('x-tenant'), ['acme']);
        assert.deepEqual(sent('authorization'), []);
      }
      assert.equal((await gateway.metric(PAUSED)) - paused, 1);
    });

    it('is verified for each route by itself', async () => {
      const token = await issuer.token();
      assert.equal((await as(token, 'GET /kept')).status, 200);
      assert.deepEqual(sent('authorization'), [`Bearer ${token}`]);
      assert.equal((await as(token, 'GET /orders')).problem, 'insufficient_scope');
    });

    it('lets no caller say what only its claims may', async () => {
      const token = await issuer.token({ scope: 'read' });
      for (let count = 0; count < 2; count++) {
        await as(token, 'GET /orders', { headers: { 'X-User': 'root', X_User: 'root' } });
        assert.deepEqual(sent('x-user'), ['shop']);
        assert.deepEqual(sent('x_user'), []);
      }
    });

    it('is asked for natively, as RFC 6750 and RFC 9728 have it', async () => {
      const paused = await gateway.metric(PAUSED);
      for (const headers of [{}, { Authorization: 'Basic YTpi' }, { Authorization: 'Bearer' }]) {
        const answer = await call(gateway.port, 'GET /orders', { headers });
        assert.equal(answer.problem, 'token_missing');
        assert.equal(answer.status, 401);
        assert.equal(
          answer.header('www-authenticate'),
          `Bearer realm="stoa", scope="read", resource_metadata="${METADATA}"`,
        );
      }
      assert.equal(await gateway.metric(PAUSED), paused);
      assert.equal(upstream.requests.length, 0);
    });

    it('is refused with a challenge when it is not right', async () => {
      const token = await issuer.token({ scope: 'read' });
      const forged = `${token.slice(0, -8)}AAAAAAAA`;
      for (const [wrong, code] of [
        [forged, 'token_not_trusted'],
        ['nonsense', 'token_malformed'],
        [await issuer.token({ scope: 'read' }, -10), 'token_expired'],
      ] as const) {
        const answer = await as(wrong, 'GET /orders');
        assert.equal(answer.problem, code);
        assert.equal(answer.status, 401);
        assert.match(answer.header('www-authenticate') ?? '', /error="invalid_token"/);
      }
      assert.equal(upstream.requests.length, 0);
    });

    it('is refused once it has expired, though it was known', async () => {
      const token = await issuer.token({ scope: 'read' }, 2);
      assert.equal((await as(token, 'GET /orders')).status, 200);
      await sleep(2100);
      assert.equal((await as(token, 'GET /orders')).problem, 'token_expired');
    });

    it('is looked at only where no key is given', async () => {
      const token = await issuer.token({ sub: 'somebody', tenant: 'globex' });
      assert.equal((await as(token, 'GET /either', key('shop-key'))).status, 200);
      assert.deepEqual(sent('x-consumer'), ['shop']);
      assert.equal((await as(token, 'GET /either', key('wrong'))).problem, 'api_key_unknown');
      assert.equal((await as(token, 'GET /either')).status, 200);
      assert.deepEqual(sent('x-consumer'), ['somebody']);
      assert.deepEqual(sent('x-tenant'), ['globex']);
      const neither = await call(gateway.port, 'GET /either');
      assert.deepEqual(valuesOf(neither.message.fields, 'www-authenticate'), [
        'ApiKey realm="stoa", header="x-api-key"',
        'Bearer realm="stoa"',
      ]);
      const forged = { headers: { 'x-api-key': 'shop-key', 'x-user': 'root' } };
      assert.equal((await call(gateway.port, 'GET /either', forged)).status, 200);
      assert.deepEqual(sent('x-user'), []);
    });

    it('is limited by the consumer or tenant that it names', async () => {
      for (const [path, claim] of [
        ['/limited', 'sub'],
        ['/shared', 'tenant'],
      ] as const) {
        const statuses = async (value: string) => {
          const token = await issuer.token({ [claim]: value });
          const answers: number[] = [];
          for (let count = 0; count < 3; count++) {
            answers.push((await as(token, `GET ${path}`)).status);
          }
          return answers;
        };
        assert.deepEqual(await statuses('one'), [200, 200, 429], path);
        assert.deepEqual(await statuses('two'), [200, 200, 429], path);
        assert.deepEqual(await statuses(claim === 'sub' ? 'shop' : 'acme'), [200, 200, 429], path);
      }
    });

    it('is told the same of the resource wherever that is described', async () => {
      const path = 'GET /.well-known/oauth-protected-resource/orders';
      const answer = await call(gateway.port, path, { host: 'api.test' });
      assert.equal(answer.status, 200);
      assert.equal(answer.header('content-type'), 'application/json');
      assert.deepEqual(JSON.parse(answer.text), {
        resource: 'https://api.test/orders',
        authorization_servers: [issuer.url],
        bearer_methods_supported: ['header'],
        scopes_supported: ['read'],
      });
      const head = await call(gateway.port, path.replace('GET', 'HEAD'), { host: 'api.test' });
      assert.equal(head.status, 200);
      assert.equal(head.header('content-length'), String(answer.message.body.length));
      assert.equal(
        (await call(gateway.port, path, { host: 'gw.test' })).problem,
        'route_not_found',
      );
    });
  });
}
