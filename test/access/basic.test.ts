/**
 * Routes that ask for user and password: hashed once, known natively from then on; on either front the same.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { runCli } from '../../src/cli/program.ts';
import { hashPassword } from '../../src/identity/basic/scrypt.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { upstreamYaml } from '../support/stage.ts';

const PAUSED = 'stoa_exchanges_paused_total';
const CHEAP = { ln: 14, r: 8, p: 1 };
const SET = `request: { headers: { set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}" } } }`;
const BASIC = 'Basic realm="stoa", charset="UTF-8"';
const KEY = 'ApiKey realm="stoa", header="x-api-key"';
const TOKEN = 'Bearer realm="stoa"';

const yaml = (up: string, issuer: SlowIssuer, hashes: Record<'shop' | 'web' | 'gone', string>) => `
${upstreamYaml(up)}${issuer.yaml}
revocations: { file: revocations.jsonl }
accessLog: { output: stdout }
consumers:
  shop: { tenant: acme, apiKeys: [{ value: shop-key }], basic: [{ username: shóp, passwordHash: "${hashes.shop}" }] }
  web: { tenant: globex, apiKeys: [{ value: web-key }], basic: [{ username: web, passwordHash: "${hashes.web}" }] }
  gone: { tenant: initech, basic: [{ username: gone, passwordHash: "${hashes.gone}" }] }
routes:
  - { name: basic, match: { path: /basic }, upstream: up, auth: { basic: {} }, ${SET} }
  - { name: other, match: { path: /other }, upstream: up, auth: { basic: { realm: "other place" } } }
  - { name: kept, match: { path: /kept }, upstream: up, auth: { basic: { keep: true } } }
  - { name: any, match: { path: /any }, upstream: up, auth: { apiKey: {}, basic: {}, jwt: { forwardToken: true } }, ${SET} }
  - { name: all, match: { path: /all }, upstream: up, auth: { require: all, apiKey: {}, basic: {} }, ${SET} }
  - { name: limited, match: { path: /limited }, upstream: up, auth: { basic: {} }, rateLimit: { by: consumer, requests: 2, windowMs: 3600000 } }
`;

const hashOf = (password: string): Promise<string> => hashPassword(password, CHEAP);

const encoded = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
/** Text and single bytes, as credentials. */
const bytes = (...parts: (string | number)[]): string => {
  const pieces = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part) : Buffer.of(part),
  );
  return `Basic ${Buffer.concat(pieces).toString('base64')}`;
};
const challenges = ({ message }: Answer) => valuesOf(message.fields, 'www-authenticate');
const SHOP = encoded('shóp', 'correct: hörse');
const WEB = encoded('web', 'web-password');

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`user and password on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    let goneHash = '';
    before(async () => {
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      goneHash = await hashOf('gone-password');
      const hashes = {
        shop: await hashOf('correct: hörse'),
        web: await hashOf('web-password'),
        gone: goneHash,
      };
      gateway = await startGateway(yaml(upstream.url, issuer, hashes), { front });
    });
    beforeEach(() => upstream.forget());
    after(() => stopAll(gateway, upstream, issuer));

    const ask = (path: string, authorization: string | null, key: string | null = null) =>
      call(gateway.port, `GET ${path}`, {
        headers: {
          ...(authorization === null ? {} : { Authorization: authorization }),
          ...(key === null ? {} : { 'X-Api-Key': key }),
        },
      });
    const sent = (name: string) => valuesOf(upstream.last.fields, name);
    const refused = async (
      path: string,
      authorization: string | null,
      key: string | null = null,
    ) => {
      const answer = await ask(path, authorization, key);
      assert.equal(upstream.requests.length, 0);
      return [answer.status, answer.problem, ...challenges(answer)];
    };
    /** The command line against this gateway. */
    const revoke = async (input: string, ...args: string[]): Promise<string> => {
      let output = '';
      const terminal = {
        out: (text: string) => void (output += text),
        err: () => {},
        paint: (_: string, text: string) => text,
        readInput: () => Promise.resolve(input),
      };
      const admin = ['--admin', `127.0.0.1:${gateway.adminPort}`];
      assert.equal(await runCli(['revoke', ...args, ...admin], terminal), 0);
      return output;
    };

    it('is hashed once, and known then on every route', async () => {
      const paused = await gateway.metric(PAUSED);
      for (let count = 0; count < 4; count++) {
        assert.equal((await ask('/basic', SHOP)).status, 200);
        assert.deepEqual([sent('x-consumer'), sent('x-tenant')], [['shop'], ['acme']]);
        assert.deepEqual(sent('authorization'), []);
      }
      assert.equal((await ask('/other', SHOP)).status, 200);
      assert.equal((await gateway.metric(PAUSED)) - paused, 1);
      assert.doesNotMatch(gateway.output, /hörse|aMOzcD/);
    });

    it('is asked for natively where there is none', async () => {
      const paused = await gateway.metric(PAUSED);
      for (const field of [null, 'Basic', 'Bearer abc', 'Basically YTpi']) {
        assert.deepEqual(await refused('/basic', field), [401, 'basic_missing', BASIC]);
      }
      const other = 'Basic realm="other place", charset="UTF-8"';
      assert.deepEqual(await refused('/other', null), [401, 'basic_missing', other]);
      assert.equal(await gateway.metric(PAUSED), paused);
    });

    it('is refused alike when user or password is wrong, each time anew', async () => {
      const paused = await gateway.metric(PAUSED);
      for (const [user, password] of [
        ['shóp', 'wrong'],
        ['shóp', 'wrong'],
        ['nobody', 'correct: hörse'],
        ['web', 'correct: hörse'],
        ['shop', 'shop-key'],
        ['shóp', ''],
      ] as const) {
        const found = await refused('/basic', encoded(user, password));
        assert.deepEqual(found, [401, 'basic_wrong', BASIC]);
      }
      assert.equal((await gateway.metric(PAUSED)) - paused, 6);
    });

    it('has one form', async () => {
      const text = SHOP.slice('Basic '.length);
      for (const field of [
        `Basic ${text.replace(/=*$/, '')}=====`,
        `Basic ${text} x`,
        `Basic ${text},`,
        `Basic ${Buffer.from('a:b').toString('base64')}=`,
        'Basic YTpiYw',
        'Basic YTpiYx==',
        bytes('web'),
        bytes(':web-password'),
        bytes('web:web-password', 0),
        bytes('we', 10, 'b:web-password'),
        bytes('web:web-password', 0xff),
        bytes('web:', 0xc0, 0x80),
        encoded('u'.repeat(256), 'web-password'),
        encoded('web', 'p'.repeat(1025)),
        `Basic ${'A'.repeat(2000)}`,
      ]) {
        assert.deepEqual(await refused('/basic', field), [401, 'basic_malformed', BASIC], field);
      }
      const twice = await call(gateway.port, 'GET /basic', {
        headers: { Authorization: WEB, authorization: WEB },
      });
      assert.equal(twice.problem, 'basic_malformed');
      // Only the scheme has no case, and more spaces than one are one.
      assert.equal((await ask('/basic', WEB.replace('Basic ', 'bASIC   '))).status, 200);
      // The same user with its accent written apart.
      assert.equal(
        (await ask('/basic', encoded('sho\u0301p', 'correct: ho\u0308rse'))).status,
        200,
      );
    });

    it('reaches upstreams only where the route says so', async () => {
      assert.equal((await ask('/kept', WEB)).status, 200);
      assert.deepEqual(sent('authorization'), [WEB]);
      assert.equal((await ask('/any', WEB, 'shop-key')).status, 200);
      assert.deepEqual(sent('authorization'), []);
      assert.equal((await ask('/any', WEB)).status, 200);
      assert.deepEqual(sent('authorization'), []);
      const token = `Bearer ${await issuer.token()}`;
      assert.equal((await ask('/any', token)).status, 200);
      assert.deepEqual(sent('authorization'), [token]);
    });

    it('is one of several, behind a key and before a token', async () => {
      assert.equal((await ask('/any', WEB, 'shop-key')).status, 200);
      assert.deepEqual(sent('x-consumer'), ['shop']);
      assert.equal((await ask('/any', WEB)).status, 200);
      assert.deepEqual(sent('x-consumer'), ['web']);
      upstream.forget();
      const all = [KEY, BASIC, TOKEN];
      assert.deepEqual(await refused('/any', WEB, 'wrong'), [401, 'api_key_unknown', ...all]);
      assert.deepEqual(await refused('/any', null), [401, 'token_missing', ...all]);
      const wrong = await refused('/any', encoded('web', 'wrong'));
      assert.deepEqual(wrong, [401, 'basic_wrong', BASIC]);
    });

    it('is needed beside a key where all are', async () => {
      for (let count = 0; count < 2; count++) {
        assert.equal((await ask('/all', WEB, 'shop-key')).status, 200);
        assert.deepEqual([sent('x-consumer'), sent('x-tenant')], [['shop'], ['acme']]);
      }
      upstream.forget();
      assert.deepEqual(await refused('/all', null), [401, 'api_key_missing', KEY, BASIC]);
      assert.deepEqual(await refused('/all', WEB), [401, 'api_key_missing', KEY]);
      assert.deepEqual(await refused('/all', null, 'shop-key'), [401, 'basic_missing', BASIC]);
      const paused = await gateway.metric(PAUSED);
      await refused('/all', encoded('web', 'never hashed'), 'wrong');
      assert.equal(await gateway.metric(PAUSED), paused);
    });

    it('is limited by its consumer', async () => {
      const statuses: number[] = [];
      for (let count = 0; count < 3; count++) statuses.push((await ask('/limited', WEB)).status);
      assert.deepEqual(statuses, [200, 200, 429]);
      assert.equal((await ask('/limited', SHOP)).status, 200);
    });

    it('ends with its hash, its consumer or its tenant, though it was known', async () => {
      const gone = encoded('gone', 'gone-password');
      for (const [input, ...args] of [
        [`${goneHash}\n`, 'key'],
        ['', 'consumer', 'gone'],
        ['', 'tenant', 'initech'],
      ] as const) {
        assert.equal((await ask('/basic', gone)).status, 200, args.join(' '));
        upstream.forget();
        await revoke(input, ...args);
        const found = await refused('/basic', gone);
        assert.deepEqual(found, [401, 'credential_revoked', BASIC], args.join(' '));
        const [listed] = JSON.parse(await revoke('', 'list', '--output', 'json'));
        await revoke('', 'undo', listed.id);
      }
      assert.equal((await ask('/basic', encoded('web', 'web-password'))).status, 200);
    });
  });

  describe(`many passwords at once on the ${front} front`, () => {
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    before(async () => {
      upstream = await RecordingUpstream.start();
      const hash = await hashOf('web-password');
      const file = `${upstreamYaml(upstream.url)}
identity: { basic: { concurrencyMax: 1, pendingMax: 2, rememberMs: 0 } }
consumers: { web: { basic: [{ username: web, passwordHash: "${hash}" }] } }
routes: [{ name: basic, upstream: up, auth: { basic: {} } }]
`;
      gateway = await startGateway(file, { front });
    });
    after(() => stopAll(gateway, upstream));

    const ask = (authorization: string) =>
      call(gateway.port, 'GET /', { headers: { Authorization: authorization } });

    it('are refused when there is no room for more, and none is lost', async () => {
      const guesses = Array.from({ length: 40 }, (_, at) => ask(encoded('web', `guess ${at}`)));
      const answers = await Promise.all(guesses);
      const problems = answers.map(({ problem }) => problem);
      assert.deepEqual(new Set(problems), new Set(['basic_wrong', 'passwords_busy']));
      const busy = answers.find(({ problem }) => problem === 'passwords_busy');
      assert.equal(busy?.status, 503);
      assert.equal(busy.header('retry-after'), '1');
      assert.equal((await ask(WEB)).status, 200);
    });

    it('are one when they are the same', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(WEB)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    });

    it('are hashed each time where none is remembered', async () => {
      const paused = await gateway.metric(PAUSED);
      for (let count = 0; count < 2; count++) assert.equal((await ask(WEB)).status, 200);
      assert.equal((await gateway.metric(PAUSED)) - paused, 2);
    });
  });
}
