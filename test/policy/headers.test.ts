/**
 * What a policy may do to headers is what a route may: the two lists of what is the gateway's agree.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { checkModel } from '../../src/native/addon.ts';
import { evaluationOf } from '../../src/policy/decision.ts';
import { policyModel } from '../support/policies.ts';

// biome-ignore format: a list.
const NAMES = [
  'accept', 'authorization', 'cache-control', 'connection', 'content-encoding', 'content-length', 'content-type', 'cookie', 'date',
  'etag', 'expect', 'forwarded', 'host', 'http2-settings', 'keep-alive', 'location', 'proxy-authenticate', 'proxy-authorization',
  'proxy-connection', 'server', 'set-cookie', 'te', 'traceparent', 'tracestate', 'trailer', 'transfer-encoding', 'upgrade', 'vary',
  'via', 'www-authenticate', 'x-forwarded-client-cert', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port',
  'x-forwarded-proto', 'x-real-ip', 'x-user',
];

const ROUTE = {
  name: 'r',
  priority: 0,
  match: { path: '/', hosts: [], methods: [], headers: {}, query: {} },
  upstream: [],
  redirect: { status: 302, to: 'https://example.test/' },
  deny: false,
  auth: null,
  rateLimit: null,
  policy: null,
  response: { headers: { set: {}, add: {}, remove: [] } },
};

function routeMaySet(name: string): boolean {
  const request = {
    path: { stripPrefix: null, rewrite: null, addPrefix: null },
    headers: { set: { [name]: '1' }, add: {}, remove: [] },
    bodyMaxBytes: null,
  };
  const model = { ...policyModel({}), routes: [{ ...ROUTE, request }] };
  const problems = checkModel(JSON.stringify(model));
  assert.ok(
    problems.every(({ path }) => path.includes('headers.set')),
    JSON.stringify(problems),
  );
  return problems.length === 0;
}

function policyMaySet(name: string): boolean {
  const value = { allow: true, headers: { upstream: { [name]: '1' } } };
  return evaluationOf({ kind: 'value', value }).kind === 'decided';
}

for (const name of NAMES.flatMap((one) => [one, one.replaceAll('-', '_')])) {
  it(`${name} is as much a policy's to change as a route's`, () => {
    assert.equal(policyMaySet(name), routeMaySet(name));
  });
}
