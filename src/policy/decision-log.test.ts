/** The decision log says who was told what, and nothing that a caller would keep secret. @module */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { plainDecision } from './decision.ts';
import { decisionLogEntry } from './decision-log.ts';
import { enforce } from './enforce.ts';
import { bodyOf, inputOf } from './input.ts';

const SECRET = 'hunter2';

const input = inputOf({
  id: '01JD',
  method: 'POST',
  scheme: 'https',
  host: 'API.test:8443',
  path: '/a/b%20c',
  query: `?token=${SECRET}&x=1&x=2`,
  headers: [
    ['Authorization', `Bearer ${SECRET}`],
    ['X-Api-Key', SECRET],
    ['X-Session', SECRET],
    ['Accept', 'a/b'],
    ['accept', 'c/d'],
  ],
  keyHeader: 'x-api-key',
  body: bodyOf(Buffer.from(`{"password":"${SECRET}"}`), {
    contentType: 'application/json',
    maxBytes: 1024,
  }),
  route: 'r',
  consumer: 'ann',
  tenant: 'acme',
  plan: null,
  claims: { iss: 'https://idp.test', email: `${SECRET}@test`, aud: ['a'] },
  client: { ip: '192.0.2.7', certificate: null },
});

it('masks what a caller sent', () => {
  const decision = plainDecision(false, 'no');
  const verdict = enforce(
    { kind: 'decided', decision },
    { onFailure: 'deny', dryRun: true, obligations: new Set() },
  );
  const entry = decisionLogEntry({
    policy: 'authz',
    input,
    verdict,
    dryRun: true,
    timeMs: 0,
    durationUs: 12,
  });
  assert.doesNotMatch(JSON.stringify(entry), new RegExp(SECRET));
  assert.deepEqual(entry, {
    version: 1,
    time: '1970-01-01T00:00:00.000Z',
    requestId: '01JD',
    policy: 'authz',
    route: 'r',
    consumer: 'ann',
    tenant: 'acme',
    clientIp: '192.0.2.7',
    method: 'POST',
    path: '/a/b%20c',
    effect: 'would_deny',
    dryRun: true,
    status: null,
    reason: 'no',
    failure: null,
    durationUs: 12,
    obligations: [],
    headers: { 'x-session': '***', accept: 'a/b, c/d' },
    query: { token: '***', x: '***' },
    claims: { iss: 'https://idp.test', email: '***', aud: '["a"]' },
  });
});

it('a policy sees the path in pieces, every query value, and no credentials', () => {
  const { request } = input;
  assert.equal(request.host, 'api.test');
  assert.deepEqual(request.segments, ['a', 'b c']);
  assert.deepEqual(request.query, { token: [SECRET], x: ['1', '2'] });
  assert.deepEqual(Object.keys(request.headers), ['x-session', 'accept']);
});

it('a policy sees a body only up to the size its route shows', () => {
  const options = { contentType: 'text/plain', maxBytes: 4 };
  assert.deepEqual(bodyOf(Buffer.from('abcde'), options), {
    sizeBytes: 5,
    tooLarge: true,
    json: null,
    text: null,
  });
  assert.equal(bodyOf(Buffer.from('abcd'), options).text, 'abcd');
  assert.equal(bodyOf(Buffer.from([0xff, 0xfe]), options).text, null);
});
