/**
 * `/revocations`: what it answers, and whom it answers.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import type { RevocationList } from './revocations.ts';
import { type Admin, openAdmin } from './server.ts';

const TOKEN = 'an-admin-token-of-more-than-32-characters';
const JSON_TYPE = { 'content-type': 'application/json' };

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Not `fetch`, which writes some of these fields itself. */
function ask(port: number, { method, path, headers = {}, body = '' }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { port, host: '127.0.0.1', method: method ?? 'POST', path: path ?? '/revocations', headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          const document = text === '' ? {} : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, document });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

const revocations: unknown[] = [];
const LIST: RevocationList = {
  list: () => [{ id: 'one' }],
  revoke: (request) => {
    revocations.push(request);
    return request === 'full'
      ? { refused: 'revocations_full', detail: 'full' }
      : { revocation: { id: 'one' }, isNew: request !== 'known' };
  },
  undo: (id) => {
    revocations.push(id);
    return { revocation: { id }, isNew: false };
  },
};

async function adminOn(host: string, token: string | null): Promise<Admin> {
  return openAdmin({
    host,
    port: 0,
    readiness: () => ({ wanted: 1, ready: 1, draining: false }),
    metrics: () => '',
    revocations: LIST,
    token,
    onError: (error) => assert.fail(String(error)),
  });
}

const bearer = (token: string) => ({ ...JSON_TYPE, authorization: `Bearer ${token}` });

describe('revocations over the admin listener', () => {
  let plain: Admin;
  let open: Admin;
  let locked: Admin;
  before(async () => {
    plain = await adminOn('127.0.0.1', null);
    open = await adminOn('0.0.0.0', null);
    locked = await adminOn('0.0.0.0', TOKEN);
  });
  beforeEach(() => revocations.splice(0));
  after(() => Promise.all([plain, open, locked].map((admin) => admin.close())));

  it('are listed, added and taken back', async () => {
    const listed = await ask(plain.port, { method: 'GET' });
    assert.deepEqual(listed.document, { revocations: [{ id: 'one' }] });
    const added = await ask(plain.port, { headers: JSON_TYPE, body: '{"kind":"key"}' });
    assert.deepEqual([added.status, added.document], [201, { id: 'one' }]);
    assert.equal((await ask(plain.port, { headers: JSON_TYPE, body: '"known"' })).status, 200);
    const undone = await ask(plain.port, { method: 'DELETE', path: '/revocations/two' });
    assert.deepEqual([undone.status, undone.document], [200, { id: 'two' }]);
    assert.deepEqual(revocations, [{ kind: 'key' }, 'known', 'two']);
  });

  // biome-ignore format: a table is read by column.
  const cases: (Asked & { says: string; status: number })[] = [
    { body: '"full"', headers: JSON_TYPE,                                   status: 507, says: 'revocations_full' },
    { body: '{',      headers: JSON_TYPE,                                   status: 400, says: 'body_invalid' },
    { body: '{}',                                                           status: 415, says: 'unsupported_media_type' },
    { body: '{}',     headers: { 'content-type': 'text/plain' },            status: 415, says: 'unsupported_media_type' },
    { body: '{}',     headers: { 'content-type': 'text/plain;application/json' }, status: 415, says: 'unsupported_media_type' },
    { body: `"${'x'.repeat(20_000)}"`, headers: JSON_TYPE,                  status: 413, says: 'body_too_large' },
    { body: '{}',     headers: { ...JSON_TYPE, origin: 'https://a.test' },  status: 403, says: 'browser_refused' },
    { body: '{}',     headers: { ...JSON_TYPE, origin: 'null' },            status: 403, says: 'browser_refused' },
    { body: '{}',     headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, status: 403, says: 'browser_refused' },
    { body: '{}',     headers: { ...JSON_TYPE, host: 'rebound.test' },      status: 403, says: 'host_not_known' },
    { body: '{}',     headers: { ...JSON_TYPE, host: '127.0.0.1.rebound.test:9901' }, status: 403, says: 'host_not_known' },
    { method: 'GET',  headers: { origin: 'https://a.test' },                status: 403, says: 'browser_refused' },
    { method: 'DELETE', path: '/revocations/a', headers: { host: 'a.test' }, status: 403, says: 'host_not_known' },
    { method: 'OPTIONS',                                                    status: 405, says: 'method_not_allowed' },
    { method: 'DELETE',                                                     status: 405, says: 'method_not_allowed' },
    { method: 'GET',  path: '/revocations/a',                               status: 405, says: 'method_not_allowed' },
    { method: 'GET',  path: '/revocations/a/b',                             status: 404, says: 'route_not_found' },
  ];
  for (const { says, status, ...asked } of cases) {
    const { method = 'POST', path = '/revocations', headers = {} } = asked;
    it(`answer ${status} ${says} to ${method} ${path} with ${JSON.stringify(headers)}`, async () => {
      const answer = await ask(plain.port, asked);
      assert.deepEqual([answer.status, answer.document['code']], [status, says]);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.deepEqual(revocations, says === 'revocations_full' ? ['full'] : []);
    });
  }

  it('are for nobody where others can connect and there is no token', async () => {
    for (const asked of [{ method: 'GET' }, { headers: JSON_TYPE, body: '{}' }]) {
      const answer = await ask(open.port, asked);
      assert.deepEqual([answer.status, answer.document['code']], [403, 'token_not_configured']);
    }
    assert.equal((await ask(open.port, { method: 'GET', path: '/health/live' })).status, 200);
  });

  it('are for who has the token where there is one', async () => {
    for (const headers of [JSON_TYPE, bearer(`${TOKEN}x`), bearer(''), { authorization: TOKEN }]) {
      const answer = await ask(locked.port, { headers, body: '{}' });
      assert.deepEqual([answer.status, answer.document['code']], [401, 'token_wrong']);
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="stoa-admin"');
    }
    assert.deepEqual(revocations, []);
    const answer = await ask(locked.port, { headers: bearer(TOKEN), body: '{}' });
    assert.equal(answer.status, 201);
  });
});
