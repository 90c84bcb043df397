/**
 * What a policy sees, made of what native code tells.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseConfig } from '../config/load.ts';
import type { Model } from '../config/schema.ts';
import type { PolicyInput } from '../policy/input.ts';
import { policyInput } from './policy-input.ts';
import { type Known, type Question, questionOf } from './question.ts';

const STAGE = 3;

function routeWith(text: string): Model['routes'][number] {
  const yaml = `version: 1
upstreams: { up: { endpoints: [{ url: "http://127.0.0.1:1" }] } }
policies: { authz: { source: { opa: { url: "http://127.0.0.1:1" } } } }
routes: [{ name: r, upstream: up, ${text} }]`;
  const loaded = parseConfig(yaml, { file: 'test', baseDir: '/', env: {} });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const [route] = loaded.model.routes;
  assert.ok(route);
  return route;
}

const PLAIN = routeWith('policy: authz');
const KEYED = routeWith('policy: authz, auth: { apiKey: { header: X-Key, query: k.y } }');
const SHOWN = routeWith('policy: { name: authz, bodyMaxBytes: 4 }');

const NOBODY: Known = {
  requestId: 'id',
  clientIp: '192.0.2.7',
  consumer: null,
  tenant: null,
  plan: null,
  certificateSubject: '',
  claims: null,
  body: new Uint8Array(),
  bodySizeBytes: 0,
};

function question(text: readonly string[], known: Partial<Known> = {}): Question {
  return { ...questionOf(7, STAGE, text.join('\0')), known: { ...NOBODY, ...known } };
}

function at(url: string, route = PLAIN): PolicyInput['request'] {
  return policyInput(question(['r', 'GET', url, '']), route).request;
}

describe('a policy sees', () => {
  it('where a request goes, as it was matched', () => {
    const { scheme, host, path, segments, query } = at('https://A.test:8443/a/b%2Fc?x=1&x=2&y');
    assert.deepEqual(
      { scheme, host, path, segments, query },
      {
        scheme: 'https',
        host: 'a.test',
        path: '/a/b%2Fc',
        segments: ['a', 'b/c'],
        query: { x: ['1', '2'], y: [''] },
      },
    );
    assert.equal(at('http://[::1]:80/?').host, '[::1]');
    assert.deepEqual(at('http://a/?').query, {});
    assert.equal(at('http://a//b?c=http://d/e').path, '//b');
  });

  it('no key, in whatever form its name is written', () => {
    const seen = at('http://a/?k.y=secret&z=1&k%2Ey=secret', KEYED);
    assert.deepEqual(seen.query, { z: ['1'] });
    assert.deepEqual(at('http://a/?k.y=1').query, { 'k.y': ['1'] });
    const fields = [
      'r',
      'GET',
      'http://a/',
      '',
      'x-key',
      'secret',
      'Authorization',
      's',
      'x-a',
      '1',
    ];
    assert.deepEqual(policyInput(question(fields), KEYED).request.headers, { 'x-a': '1' });
  });

  it('who calls', () => {
    const claims = '{"sub":"Zoë","n":1}';
    const known = {
      consumer: 'shop',
      tenant: 'acme',
      plan: 'gold',
      claims,
      certificateSubject: 'CN=x',
    };
    const print = Buffer.alloc(32, 7).toString('base64url');
    const input = policyInput(question(['r', 'GET', 'http://a/', print], known), PLAIN);
    assert.deepEqual(
      [input.consumer, input.tenant, input.plan, input.claims, input.client.certificate],
      [
        { name: 'shop' },
        'acme',
        'gold',
        { sub: 'Zoë', n: 1 },
        { subject: 'CN=x', sha256: '07'.repeat(32) },
      ],
    );
    const nobody = policyInput(question(['r', 'GET', 'http://a/', '']), PLAIN);
    assert.deepEqual(
      [nobody.consumer, nobody.tenant, nobody.plan, nobody.claims, nobody.client.certificate],
      [null, null, null, null, null],
    );
  });

  it('a body where the route shows it and there is one', () => {
    const body = Buffer.from('ab');
    const text = ['r', 'POST', 'http://a/', ''];
    const shown = (known: Partial<Known>, route: typeof PLAIN) =>
      policyInput(question(text, known), route).request.body;
    assert.deepEqual(shown({ body, bodySizeBytes: 2 }, SHOWN), {
      sizeBytes: 2,
      tooLarge: false,
      json: null,
      text: 'ab',
    });
    assert.deepEqual(shown({ bodySizeBytes: 2 ** 33 }, SHOWN), {
      sizeBytes: 2 ** 33,
      tooLarge: true,
      json: null,
      text: null,
    });
    assert.equal(shown({ bodySizeBytes: 2 }, PLAIN), null);
    assert.equal(shown({}, SHOWN), null);
  });

  it('nothing of a question that is not for it', () => {
    assert.throws(() => policyInput(questionOf(7, 1, 'r\0GET\0http://a/\0'), PLAIN));
  });
});
