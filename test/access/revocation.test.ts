/**
 * What is revoked is revoked in every worker, on either front, once the admin listener has said so: on connections
 * that are open, for tokens that are remembered or being verified, in a worker that is replaced, after a restart.
 *
 * With `CONNECTIONS` of them the kernel leaves no worker out, but once in 2^30.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { isAlive } from '../../arena/host/processes.ts';
import { until } from '../../arena/host/wait.ts';
import { runCli } from '../../src/cli/program.ts';
import { digestOfKey } from '../../src/config/schema/consumers.ts';
import { tokenDigest } from '../../src/revocation/revocation.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { type Answer, call, callOn, type CallOptions, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { upstreamYaml } from '../support/stage.ts';

const CONNECTIONS = 30;
const WORKERS = 2;
const NOTHING = (): void => {};

const yaml = (
  up: string,
  issuer: SlowIssuer,
  folder: string,
  opaque: string,
) => `${upstreamYaml(up)}
revocations: { file: "${folder}/revocations.jsonl" }
accessLog: { output: stdout }
${issuer.yaml}
    opaque:
      issuer: "http://127.0.0.1/opaque"
      jwksUrl: "${issuer.url}/jwks"
      audiences: any
      introspection: { url: "${opaque}", clientId: gw, clientSecretFile: "${folder}/secret", cacheMs: 3600000 }
consumers:
  app: { tenant: acme, apiKeys: [{ value: app-key-1 }, { value: app-key-2 }] }
  web: { tenant: acme, apiKeys: [{ value: web-key }] }
  other: { tenant: globex, apiKeys: [{ value: other-key }] }
routes:
  - { name: keyed, match: { path: /keyed }, upstream: up, auth: { apiKey: {} } }
  - { name: either, match: { path: /either }, upstream: up, auth: { apiKey: {}, jwt: { issuers: [idp] } } }
  - { name: token, match: { path: /token }, upstream: up, auth: { jwt: { issuers: [idp] } } }
  - { name: opaque, match: { path: /opaque }, upstream: up, auth: { jwt: { issuers: [opaque] } } }
`;

const withKey = (key: string): CallOptions => ({ headers: { 'x-api-key': key } });
const withToken = (token: string): CallOptions => ({
  headers: { Authorization: `Bearer ${token}` },
});

/** The other signature of an ECDSA token: as good as the first, and another text. */
function otherSignature(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [head = '', claims = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const twin = (order - s).toString(16).padStart(64, '0');
  const signed = Buffer.concat([bytes.subarray(0, 32), Buffer.from(twin, 'hex')]);
  return `${head}.${claims}.${signed.toString('base64url')}`;
}

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`what is revoked, on the ${front} front`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-revocation-'));
    const introspection = createServer((request, response) => {
      request.resume().on('end', () => {
        response.end('{"active":true,"sub":"shop","jti":"opaque-1","client_id":"shop"}');
      });
    });
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    let clients: RawClient[] = [];
    const start = async () => {
      const { port } = introspection.address() as AddressInfo;
      const file = yaml(upstream.url, issuer, folder, `http://127.0.0.1:${port}`);
      gateway = await startGateway(file, { front, workers: WORKERS });
      clients = [];
      while (clients.length < CONNECTIONS) clients.push(await RawClient.open(gateway.port));
    };
    before(async () => {
      writeFileSync(join(folder, 'secret'), 's3cret');
      await new Promise<void>((resolve) => introspection.listen(0, '127.0.0.1', resolve));
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      await start();
    });
    after(async () => {
      for (const client of clients) client.close();
      introspection.close();
      await stopAll(gateway, upstream, issuer);
      rmSync(folder, { recursive: true });
    });
    afterEach(async () => {
      for (const { id } of await list()) await cli('undo', id);
    });

    /** The command line against this gateway; its output. */
    const cli = async (...args: string[]): Promise<string> => {
      let output = '';
      const terminal = {
        out: (text: string) => void (output += text),
        err: (text: string) => void (output += text),
        paint: (_: string, text: string) => text,
        readInput: () => Promise.reject(new Error('nothing is typed here')),
      };
      const admin = ['--admin', `127.0.0.1:${gateway.adminPort}`];
      assert.equal(await runCli(['revoke', ...args, ...admin], terminal), 0, output);
      return output;
    };
    const list = async (): Promise<{ id: string; kind: string; name: string }[]> =>
      JSON.parse(await cli('list', '--output', 'json'));
    /** The answers on every connection that is open. */
    const everywhere = async (line: string, options: CallOptions): Promise<Set<string>> => {
      const answers: Answer[] = [];
      for (const client of clients) answers.push(await callOn(client, line, options));
      return new Set(answers.map(({ status, problem }) => problem ?? String(status)));
    };
    const isAdmitted = async (line: string, options: CallOptions) => {
      assert.deepEqual(await everywhere(line, options), new Set(['200']));
    };
    const isRefused = async (line: string, options: CallOptions) => {
      assert.deepEqual(await everywhere(line, options), new Set(['credential_revoked']));
    };

    it('is a key, and no other', async () => {
      await isAdmitted('GET /keyed', withKey('app-key-1'));
      await cli('key', 'app-key-1');
      upstream.forget();
      await isRefused('GET /keyed', withKey('app-key-1'));
      await isRefused('GET /either', withKey('app-key-1'));
      assert.equal(upstream.requests.length, 0);
      const answer = await call(gateway.port, 'GET /keyed', withKey('app-key-1'));
      assert.equal(answer.status, 401);
      assert.equal(answer.header('www-authenticate'), 'ApiKey realm="stoa", header="x-api-key"');
      await isAdmitted('GET /keyed', withKey('app-key-2'));
      await isAdmitted('GET /keyed', withKey('web-key'));
    });

    it('counts again once that is undone', async () => {
      await cli('key', '--sha256', digestOfKey('app-key-1').toUpperCase());
      await isRefused('GET /keyed', withKey('app-key-1'));
      const [revocation] = await list();
      assert.equal(revocation?.name, digestOfKey('app-key-1'));
      await cli('undo', revocation?.id ?? '');
      await isAdmitted('GET /keyed', withKey('app-key-1'));
    });

    it('is a consumer with its keys and tokens, and a tenant with its consumers', async () => {
      const token = await issuer.token({ sub: 'app', tenant: 'acme' });
      await isAdmitted('GET /token', withToken(token));
      await cli('consumer', 'app');
      await isRefused('GET /keyed', withKey('app-key-1'));
      await isRefused('GET /keyed', withKey('app-key-2'));
      await isRefused('GET /token', withToken(token));
      await isAdmitted('GET /keyed', withKey('web-key'));
      await cli('tenant', 'acme');
      await isRefused('GET /keyed', withKey('web-key'));
      await isRefused('GET /token', withToken(await issuer.token({ sub: 'new', tenant: 'acme' })));
      await isAdmitted('GET /keyed', withKey('other-key'));
    });

    it('is a token that every worker remembers, whatever its signature', async () => {
      const [token, twin] = [await issuer.token({ sub: 'a' }), await issuer.token({ sub: 'b' })];
      await isAdmitted('GET /token', withToken(token));
      await isAdmitted('GET /token', withToken(otherSignature(token)));
      await cli('token', token);
      await isRefused('GET /token', withToken(token));
      await isRefused('GET /either', withToken(token));
      await isRefused('GET /token', withToken(otherSignature(token)));
      const answer = await call(gateway.port, 'GET /token', withToken(token));
      assert.match(answer.header('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/);
      await isAdmitted('GET /token', withToken(twin));
    });

    it('is a token by its jti, and every token of a subject', async () => {
      const token = await issuer.token({ jti: 'id-1', sub: 'sub-1' });
      const same = await issuer.token({ jti: 'id-2', sub: 'sub-1' });
      await isAdmitted('GET /token', withToken(token));
      await isAdmitted('GET /token', withToken(same));
      await cli('token', '--id', 'id-1', '--issuer', 'idp', '--expires', '2099-01-01');
      await isRefused('GET /token', withToken(token));
      await isAdmitted('GET /token', withToken(same));
      await cli('subject', 'sub-1', '--issuer', issuer.url);
      await isRefused('GET /token', withToken(same));
      await isAdmitted('GET /token', withToken(await issuer.token({ sub: 'sub-2' })));
    });

    it('is an opaque token, however long the issuer’s answer counts', async () => {
      await isAdmitted('GET /opaque', withToken('opaque-token'));
      await cli('token', 'opaque-token');
      await isRefused('GET /opaque', withToken('opaque-token'));
      await isAdmitted('GET /opaque', withToken('another-token'));
      await cli('token', '--id', 'opaque-1', '--issuer', 'opaque');
      await isRefused('GET /opaque', withToken('another-token'));
    });

    it('is a token that was being verified meanwhile, and it is not remembered', async () => {
      await issuer.rotate();
      issuer.hold();
      const token = await issuer.token({ sub: 'late' });
      upstream.forget();
      const answers = clients.map((client) => callOn(client, 'GET /token', withToken(token)));
      await until('every worker asks for keys', () => issuer.waiting === WORKERS);
      await until('all wait', async () => {
        const paused = await gateway.metric('stoa_exchanges_in_flight');
        return paused === CONNECTIONS;
      });
      await cli('token', token);
      issuer.release();
      const problems = (await Promise.all(answers)).map(({ problem }) => problem);
      assert.deepEqual(new Set(problems), new Set(['credential_revoked']));
      await isRefused('GET /token', withToken(token));
      assert.equal(upstream.requests.length, 0);
    });

    it('leaves what was forwarded already alone', async () => {
      let answer = NOTHING;
      upstream.answer = () =>
        new Promise((resolve) => {
          answer = () => resolve(ok('done'));
        });
      upstream.forget();
      const waiting = call(gateway.port, 'GET /keyed', withKey('web-key'));
      await until('it is upstream', () => upstream.requests.length === 1);
      await cli('consumer', 'web');
      answer();
      upstream.answer = () => ok();
      assert.equal((await waiting).text, 'done');
    });

    it('is nowhere in what the gateway writes', () => {
      const written = `${gateway.output}${readFileSync(join(folder, 'revocations.jsonl'), 'utf8')}`;
      assert.match(written, new RegExp(digestOfKey('app-key-1')));
      assert.doesNotMatch(written, /app-key-1|opaque-token|eyJ/);
    });

    it('stays so in a worker that is replaced, and after a restart of everything', async () => {
      const token = await issuer.token({ sub: 'kept' });
      await cli('key', 'app-key-1');
      await cli('token', token);
      const { expiresAt } = tokenDigest(token);
      assert.ok(expiresAt !== null && Date.parse(expiresAt) > Date.now());
      const killed = gateway.killWorker();
      await until('it is gone', () => !isAlive(killed));
      await until('another is there', async () => {
        const workers = gateway.workers();
        return workers.length === WORKERS && !workers.includes(killed) && gateway.isReady();
      });
      for (const client of clients.splice(0)) client.close();
      while (clients.length < CONNECTIONS) clients.push(await RawClient.open(gateway.port));
      await isRefused('GET /keyed', withKey('app-key-1'));
      await isRefused('GET /token', withToken(token));

      for (const client of clients) client.close();
      await gateway.stop();
      await start();
      await isRefused('GET /keyed', withKey('app-key-1'));
      await isRefused('GET /token', withToken(token));
      await isAdmitted('GET /keyed', withKey('app-key-2'));
      assert.deepEqual((await list()).map(({ kind }) => kind).toSorted(), ['key', 'token']);
    });
  });
}
