/**
 * A route that asks for a key and a token: both, each time, on either front; and the token is verified once.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';

import { until } from '../../arena/host/wait.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { upstreamYaml } from '../support/stage.ts';

const PAUSED = 'stoa_exchanges_paused_total';
const SET = `request: { headers: { set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}", x-plan: "\${plan}" } } }`;

const yaml = (up: string, issuer: SlowIssuer, folder: string) => `${upstreamYaml(up)}${issuer.yaml}
quotas: { path: ${join(folder, 'quotas')} }
accessLog: { output: stdout }
consumers:
  app: { tenant: acme, apiKeys: [{ value: app-key }] }
  web: { tenant: globex, apiKeys: [{ value: web-key }] }
  little: { tenant: acme, plan: one, apiKeys: [{ value: little-key }] }
  much: { tenant: globex, plan: many }
plans:
  one: { quotas: [{ requests: 1, per: month }] }
  many: { quotas: [{ requests: 1000, per: month }] }
routes:
  - name: both
    match: { path: /both }
    upstream: up
    auth: { require: all, apiKey: {}, jwt: { scopes: [read], headers: { x-user: sub } } }
    rateLimit: { by: consumer, requests: 1000, windowMs: 3600000 }
    ${SET}
`;

const KEY = 'ApiKey realm="stoa", header="x-api-key"';
const TOKEN = 'Bearer realm="stoa", scope="read"';

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a route that asks for a key and a token, on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    const folder = mkdtempSync(join(tmpdir(), 'stoa-require-all-'));
    before(async () => {
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      gateway = await startGateway(yaml(upstream.url, issuer, folder), { front });
    });
    beforeEach(() => upstream.forget());
    after(async () => {
      await stopAll(gateway, upstream, issuer);
      rmSync(folder, { recursive: true });
    });

    const ask = (key: string | null, token: string | null) =>
      call(gateway.port, 'GET /both', {
        headers: {
          ...(key === null ? {} : { 'X-Api-Key': key }),
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
          'X-User': 'root',
        },
      });
    const refused = async (key: string | null, token: string | null) => {
      const { status, problem, message } = await ask(key, token);
      assert.equal(upstream.requests.length, 0);
      return [status, problem, ...valuesOf(message.fields, 'www-authenticate')];
    };

    it('lets in who has both, and asks JavaScript about a token once', async () => {
      const token = await issuer.token({ sub: 'somebody', tenant: 'other', scope: 'read' });
      const paused = await gateway.metric(PAUSED);
      for (const [key, consumer, tenant] of [
        ['app-key', 'app', 'acme'],
        ['app-key', 'app', 'acme'],
        ['web-key', 'web', 'globex'],
      ] as const) {
        assert.equal((await ask(key, token)).status, 200);
        const sent = (name: string) => valuesOf(upstream.last.fields, name);
        assert.deepEqual(sent('x-consumer'), [consumer]);
        assert.deepEqual(sent('x-tenant'), [tenant]);
        assert.deepEqual(sent('x-user'), ['somebody']);
        assert.deepEqual([...sent('x-api-key'), ...sent('authorization')], []);
        await until('a line', () => gateway.output.includes(`"consumer":"${consumer}"`));
      }
      assert.equal((await gateway.metric(PAUSED)) - paused, 1);
      assert.doesNotMatch(gateway.output, /"consumer":"somebody"/);
    });

    it('charges the plan of whoever has the key, whatever plan the token would bring', async () => {
      const token = await issuer.token({ sub: 'much', tenant: 'globex', scope: 'read' });
      assert.equal((await ask('little-key', token)).status, 200);
      assert.deepEqual(valuesOf(upstream.last.fields, 'x-plan'), ['one']);
      assert.equal((await ask('little-key', token)).problem, 'quota_exceeded');
      assert.equal((await ask('app-key', token)).status, 200);
      assert.deepEqual(valuesOf(upstream.last.fields, 'x-plan'), []);
    });

    it('says what is missing, and nothing more', async () => {
      const token = await issuer.token({ scope: 'read' });
      assert.equal((await ask('app-key', token)).status, 200);
      upstream.forget();
      assert.deepEqual(await refused(null, null), [401, 'api_key_missing', KEY, TOKEN]);
      assert.deepEqual(await refused(null, token), [401, 'api_key_missing', KEY]);
      assert.deepEqual(await refused('wrong', token), [401, 'api_key_unknown', KEY]);
      assert.deepEqual(await refused('app-key', null), [401, 'token_missing', TOKEN]);
    });

    it('refuses a token that is not right, with a challenge for it alone', async () => {
      const [, problem, ...challenges] = await refused('app-key', 'nonsense');
      assert.equal(problem, 'token_malformed');
      assert.equal(challenges.length, 1);
      assert.match(String(challenges[0]), /^Bearer .*error="invalid_token"/);
      const [status, ...others] = await refused('app-key', await issuer.token());
      assert.equal(status, 403);
      assert.match(others.join(' '), /^insufficient_scope Bearer .*scope="read"/);
    });

    it('has no token verified for who has no key', async () => {
      const paused = await gateway.metric(PAUSED);
      await refused('wrong', await issuer.token({ scope: 'read', jti: 'new' }));
      assert.equal(await gateway.metric(PAUSED), paused);
    });
  });
}
