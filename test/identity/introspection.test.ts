/**
 * Opaque tokens: who is asked about them, how long an answer counts, and what happens without one.
 *
 * Source: RFC 7662 §2, §4.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { type Authenticator, openAuthenticator } from '../../src/identity/authenticate.ts';
import type { Jwk } from '../support/token-issuer.ts';
import {
  type Asked,
  ask,
  CERTIFICATE,
  modelOf,
  NOW_MS,
  NOW_S,
  outcomeOf,
  routeOf,
} from './stage.ts';

const ACTIVE: Jwk = { active: true, client_id: 'app', aud: 'api', scope: 'read', exp: NOW_S + 600 };
const folder = mkdtempSync(join(tmpdir(), 'stoa-introspection-'));
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, 'pass:word %\n');

const questions: string[] = [];
let answer: { readonly status: number; readonly body: string } | 'hang';
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += String(chunk);
  });
  request.on('end', () => {
    questions.push(`${request.method} ${request.headers.authorization} ${body}`);
    if (answer !== 'hang') response.writeHead(answer.status).end(answer.body);
  });
});

let url: string;
let authenticator: Authenticator;
before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});
beforeEach(() => {
  questions.length = 0;
  say(ACTIVE);
  const options = `url: "${url}/ask", clientId: gate, clientSecretFile: "${secretFile}", cacheMs: 10000, timeoutMs: 20000`;
  authenticator = openAuthenticator(
    modelOf(`
identity: { issuers: { idp: { issuer: "${url}", audiences: [api], introspection: { ${options} } }, signed: { issuer: "${url}/2", audiences: [api] } } }
routes:
${routeOf('plain', '{}')}
${routeOf('write', '{ scopes: [write] }')}
${routeOf('signed', '{ issuers: [signed] }')}
`),
  );
});
afterEach(() => authenticator.close());

function say(body: unknown, status = 200): void {
  answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

async function outcome(seconds = 0, asked: Asked = {}): Promise<string> {
  const nowMs = NOW_MS + seconds * 1000;
  return outcomeOf(await ask(authenticator, { authorization: 'Bearer opaque-1', nowMs, ...asked }));
}

describe('an opaque token', () => {
  it('is what its issuer says, for as long as the answer counts', async () => {
    const found = await ask(authenticator, { authorization: 'Bearer opaque-1' });
    assert.ok(found.kind === 'accepted', JSON.stringify(found));
    assert.equal(found.identity.consumer, 'app');
    assert.equal(found.rememberUntilMs, NOW_MS + 10_000);
    const credentials = Buffer.from('gate:pass%3Aword+%25').toString('base64');
    const form = 'token=opaque-1&token_type_hint=access_token';
    assert.deepEqual(questions, [`POST Basic ${credentials} ${form}`]);
  });

  it('is asked about once, and again when the answer is old', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => outcome()));
    assert.deepEqual(new Set(many), new Set(['accepted']));
    assert.equal(await outcome(9), 'accepted');
    assert.equal(questions.length, 1);
    say({ active: false });
    assert.equal(await outcome(10), 'token_not_trusted');
    assert.equal(await outcome(11), 'token_not_trusted');
    assert.equal(questions.length, 2);
    assert.equal(await outcome(-1), 'token_not_trusted');
    assert.equal(questions.length, 3);
  });

  it('is shown to no issuer that is not asked, and no signed token is shown to any', async () => {
    assert.equal(await outcome(0, { route: 'signed' }), 'token_malformed');
    for (const token of ['a.b.c', 'a.b.', 'a.b.c.d.e', '..']) {
      assert.equal(await outcome(0, { authorization: `Bearer ${token}` }), 'token_malformed');
    }
    assert.deepEqual(questions, []);
  });

  // biome-ignore format: a table is read by column.
  const answers = [
    { is: 'token_not_trusted',  it: 'active as text',        body: { ...ACTIVE, active: 'true' } },
    { is: 'token_not_trusted',  it: 'that it is not active', body: '{"active":false}' },
    { is: 'issuer_unavailable', it: 'a member twice',        body: '{"active":false,"active":true}' },
    { is: 'token_not_trusted',  it: 'another issuer',        body: { ...ACTIVE, iss: 'https://evil.test' } },
    { is: 'token_not_trusted',  it: 'another audience',      body: { ...ACTIVE, aud: 'billing' } },
    { is: 'token_not_trusted',  it: 'no audience',           body: { ...ACTIVE, aud: undefined } },
    { is: 'token_expired',      it: 'an end in the past',    body: { ...ACTIVE, exp: NOW_S - 31 } },
    { is: 'accepted',           it: 'no end',                body: { ...ACTIVE, exp: undefined } },
    { is: 'token_not_bound',    it: 'another certificate',   body: { ...ACTIVE, cnf: { 'x5t#S256': CERTIFICATE.toString('base64url') } } },
    { is: 'token_not_bound',    it: 'a key of its sender',   body: { ...ACTIVE, cnf: { jkt: 'x' } } },
    { is: 'issuer_unavailable', it: 'no JSON',               body: '<html>' },
    { is: 'issuer_unavailable', it: 'that we are nobody',    body: ACTIVE, status: 401 },
    { is: 'issuer_unavailable', it: 'a failure',             body: ACTIVE, status: 500 },
  ];
  for (const { is, it: what, body, status } of answers) {
    it(`of which its issuer says ${what}: ${is}`, async () => {
      say(body, status);
      assert.equal(await outcome(), is);
    });
  }

  it('needs the scopes of its route', async () => {
    assert.equal(await outcome(0, { route: 'write' }), 'insufficient_scope');
  });
});

describe('an issuer that can’t be asked', () => {
  it('lets nobody in, and is asked again by the next', async () => {
    say('', 503);
    assert.equal(await outcome(), 'issuer_unavailable');
    say(ACTIVE);
    assert.equal(await outcome(), 'accepted');
  });

  it('keeps 64 waiting at most', async () => {
    answer = 'hang';
    const waiting = Array.from({ length: 64 }, (_, token) =>
      outcome(0, { authorization: `Bearer opaque-${token}` }),
    );
    assert.equal(await outcome(0, { authorization: 'Bearer one-more' }), 'issuer_unavailable');
    await authenticator.close();
    assert.ok(!questions.join().includes('one-more'));
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['issuer_unavailable']));
  });
});
