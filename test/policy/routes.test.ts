/**
 * Routes that ask a policy, on either front: what it says is what happens to the request.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { buildBundle, opaMissing, startOpa } from '../support/opa.ts';
import { ENTRYPOINT, GATE, KEYS, policyYaml, REGO_SOURCE } from '../support/policy-gateway.ts';
import { type Answer, call, type CallOptions } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';

const DECISIONS = 'stoa_policy_decisions_total';
const FAILURES = 'stoa_policy_failures_total';

interface Engine {
  readonly name: string;
  readonly skip: string | false;
  /** What the policies are made of, and how it ends. */
  readonly open: () => Promise<{ readonly source: string; readonly close: () => Promise<void> }>;
}

const key = (value: string): CallOptions => ({ headers: { 'x-api-key': value } });
const nothing = () => Promise.resolve();

const ENGINES: readonly Engine[] = [
  {
    name: 'the embedded interpreter',
    skip: false,
    open: () => Promise.resolve({ source: REGO_SOURCE, close: nothing }),
  },
  {
    name: 'a bundle',
    skip: opaMissing,
    open: () => {
      const file = buildBundle([GATE], [ENTRYPOINT]);
      return Promise.resolve({ source: `{ file: "${file}" }`, close: nothing });
    },
  },
  {
    name: 'a running OPA',
    skip: opaMissing,
    open: async () => {
      const opa = await startOpa([GATE]);
      return { source: `{ opa: { url: "${opa.url}" } }`, close: () => opa.stop() };
    },
  },
];

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  for (const engine of ENGINES) {
    describe(`a route that asks ${engine.name}, on the ${front} front`, {
      skip: engine.skip,
    }, () => {
      let issuer: SlowIssuer;
      let upstream: RecordingUpstream;
      let gateway: Gateway;
      let close = nothing;
      before(async () => {
        issuer = await SlowIssuer.start();
        upstream = await RecordingUpstream.start();
        const opened = await engine.open();
        ({ close } = opened);
        const yaml = policyYaml(upstream.url, issuer, opened.source);
        gateway = await startGateway(yaml, { front });
      });
      beforeEach(() => {
        upstream.forget();
        upstream.answer = () => ok();
      });
      after(async () => {
        await stopAll(gateway, upstream, issuer);
        await close();
      });

      const ask = (line: string, options: CallOptions = {}): Promise<Answer> =>
        call(gateway.port, line, options);
      const sent = (name: string) => valuesOf(upstream.last.fields, name);
      const seen = (): Record<string, never> => JSON.parse(sent('x-seen')[0] ?? 'null');
      const effect = (policy: string, name: string) =>
        gateway.metric(DECISIONS, { policy, effect: name });

      it('forwards what is allowed', async () => {
        const earlier = await effect('gate', 'allowed');
        const answer = await ask('POST /open/yes?a=1', { body: 'hello' });
        assert.equal(answer.status, 200);
        assert.equal(upstream.last.body.toString(), 'hello');
        assert.equal(upstream.last.target, '/open/yes?a=1');
        assert.equal((await effect('gate', 'allowed')) - earlier, 1);
      });

      it('refuses what is denied, and lets nothing of it through', async () => {
        const earlier = await effect('gate', 'denied');
        for (const [line, options] of [
          ['GET /open/no', {}],
          ['POST /open/no', { body: 'x'.repeat(300_000) }],
        ] as const) {
          const answer = await ask(line, options);
          assert.equal(answer.status, 403);
          assert.equal(answer.problem, 'policy_denied');
        }
        assert.equal((await ask('HEAD /open/no')).status, 403);
        assert.equal(upstream.requests.length, 0);
        assert.equal((await effect('gate', 'denied')) - earlier, 3);
      });

      it('tells the status and the headers of a refusal, not the reason', async () => {
        const answer = await ask('GET /open/reason');
        assert.equal(answer.status, 402);
        assert.equal(answer.problem, 'policy_denied');
        assert.equal(JSON.parse(answer.text).status, 402);
        assert.equal(answer.header('x-price'), '10');
        assert.ok(!answer.text.includes('paid'), answer.text);
        // A status that nobody has registered a phrase for, and a header that is not the policy's.
        for (const route of ['open', 'ajar']) {
          const rare = await ask(`GET /${route}/rare`);
          assert.equal(rare.status, 499);
          assert.notEqual(rare.header('x-request-id'), 'mine');
        }
      });

      it('denies where no rule says anything', async () => {
        assert.equal((await ask('GET /open/unheard-of')).problem, 'policy_denied');
      });

      it('changes headers both ways, over those of the route and of the client', async () => {
        upstream.answer = () => ok('ok', { 'X-Internal': 'host-7', 'X-Policy': 'fake' });
        const answer = await ask('GET /open/headers', {
          headers: { 'X-Plan': 'free', X_Plan: 'free', 'X-Debug': '1', 'x-kept': 'yes' },
        });
        assert.equal(answer.status, 200);
        assert.deepEqual(sent('x-plan'), ['gold']);
        assert.deepEqual(sent('x_plan'), []);
        assert.deepEqual(sent('x-debug'), []);
        assert.deepEqual(sent('x-set'), ['policy']);
        assert.deepEqual(sent('x-kept'), ['yes']);
        assert.equal(answer.header('x-policy'), 'v1');
        assert.equal(answer.header('x-internal'), null);
        assert.equal(answer.header('x-set'), 'policy');
        assert.equal(answer.header('x-route'), '1');
      });

      it('redirects with the headers of the policy, and only who is allowed', async () => {
        const answer = await ask('GET /moved/headers');
        assert.equal(answer.status, 302);
        assert.equal(answer.header('location'), 'https://example.test/');
        assert.equal(answer.header('x-policy'), 'v1');
        assert.equal((await ask('GET /moved/no')).status, 403);
      });

      it('shows the policy the request, without credentials', async () => {
        await ask('GET /keyed/a%20b/seen?key=shop-key&q=1&q=2', {
          headers: { Cookie: 'c=1', Authorization: 'Basic abc', 'X-A': '1', 'x-a': '2' },
        });
        const { request, ...others } = seen() as unknown as {
          request: { headers: Record<string, string> } & Record<string, unknown>;
        };
        const { headers, id, ...plain } = request;
        assert.deepEqual(plain, {
          method: 'GET',
          scheme: 'http',
          host: 'gw.test',
          path: '/keyed/a%20b/seen',
          segments: ['keyed', 'a b', 'seen'],
          query: { q: ['1', '2'] },
          body: null,
        });
        assert.equal(id, sent('x-request-id')[0]);
        assert.equal(headers['x-a'], '1, 2');
        assert.deepEqual(
          ['cookie', 'authorization'].filter((name) => name in headers),
          [],
        );
        assert.deepEqual(others, {
          version: 1,
          route: { name: 'keyed' },
          consumer: { name: 'shop' },
          tenant: 'acme',
          plan: 'gold',
          claims: null,
          client: { ip: '127.0.0.1', certificate: null },
        });
      });

      it('asks after the key, and charges a limit once, if it allows', async () => {
        assert.equal((await ask('GET /keyed/key')).problem, 'api_key_missing');
        assert.equal((await ask('GET /keyed/key', key('wrong'))).problem, 'api_key_unknown');
        for (let count = 0; count < 4; count++) {
          assert.equal((await ask('GET /keyed/key', key(KEYS.other))).problem, 'policy_denied');
        }
        // Two are allowed, one of them was used above.
        assert.equal((await ask('GET /keyed/key', key(KEYS.shop))).status, 200);
        assert.equal((await ask('GET /keyed/key', key(KEYS.shop))).problem, 'rate_limited');
      });

      it('asks after the token, each time, also when the token is known', async () => {
        const token = await issuer.token({ role: 'editor', name: 'Zoë' });
        const headers = { Authorization: `Bearer ${token}` };
        for (let count = 0; count < 3; count++) {
          assert.equal((await ask('GET /token/claims', { headers })).status, 200);
          assert.deepEqual(sent('x-claims'), ['shop']);
          assert.deepEqual(sent('x-user'), ['shop']);
        }
        assert.equal((await ask('GET /token/no', { headers })).problem, 'policy_denied');
        assert.equal((await ask('GET /token/yes')).problem, 'token_missing');
        const reader = {
          Authorization: `Bearer ${await issuer.token({ role: 'reader', name: 'Zoë' })}`,
        };
        assert.equal(
          (await ask('GET /token/claims', { headers: reader })).problem,
          'policy_denied',
        );
      });

      it('refuses by its own fault when the policy fails', async () => {
        const earlier = await gateway.metric(FAILURES, { policy: 'gate', kind: 'error' });
        for (const what of ['text', 'obliged', 'renames']) {
          const answer = await ask(`GET /open/${what}`);
          assert.equal(answer.status, 503, what);
          assert.equal(answer.problem, 'policy_failed');
        }
        assert.equal(upstream.requests.length, 0);
        assert.equal(
          (await gateway.metric(FAILURES, { policy: 'gate', kind: 'error' })) - earlier,
          3,
        );
      });

      it('admits in spite of a failure where the route says so, never in spite of a denial', async () => {
        assert.equal((await ask('GET /ajar/text')).status, 200);
        assert.equal((await ask('GET /ajar/no')).status, 403);
        assert.ok((await effect('gate', 'failed_open')) > 0);
      });

      it('admits everybody in a dry run and carries nothing out', async () => {
        upstream.answer = () => ok('ok', { 'X-Internal': 'host-7' });
        for (const what of ['no', 'reason', 'text', 'headers']) {
          assert.equal((await ask(`GET /dry/${what}`)).status, 200, what);
        }
        assert.deepEqual(sent('x-plan'), []);
        assert.ok((await effect('gate', 'would_deny')) >= 3);
      });
    });
  }
}
