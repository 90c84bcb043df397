/** Header fields and paths of a request, as a policy sees them. @module */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';

import { bodyOf, inputOf, type PolicyBody, type PolicyInput, type RequestParts } from './input.ts';

const PARTS: RequestParts = {
  id: '1',
  method: 'GET',
  scheme: 'http',
  host: 'a.test',
  path: '/',
  query: '',
  headers: [],
  keyHeader: null,
  body: null,
  route: 'r',
  consumer: null,
  tenant: null,
  plan: null,
  claims: null,
  client: { ip: '192.0.2.7', certificate: null },
};

function requestOf(parts: Partial<RequestParts>): PolicyInput['request'] {
  const input: PolicyInput = JSON.parse(JSON.stringify(inputOf({ ...PARTS, ...parts })));
  return input.request;
}

it('joins the fields of a name in their order, also of a name that every object has', () => {
  const name = fc.constantFrom(
    'a',
    'A',
    'b',
    '__proto__',
    'constructor',
    'toString',
    '1',
    'cookie',
  );
  const field = fc.tuple(name, fc.constantFrom('x', 'y', ''));
  fc.assert(
    fc.property(fc.array(field, { maxLength: 12 }), (headers) => {
      const expected = new Map<string, string[]>();
      for (const [written, value] of headers) {
        const lower = written.toLowerCase();
        if (lower !== 'cookie') expected.set(lower, [...(expected.get(lower) ?? []), value]);
      }
      const joined = Array.from(expected, ([key, values]) => [key, values.join(', ')] as const);
      assert.deepEqual(requestOf({ headers }).headers, Object.fromEntries(joined));
    }),
  );
});

it('decodes segments, and leaves one that cannot be decoded as it is', () => {
  assert.deepEqual(requestOf({ path: '/a/b%20c/%zz' }).segments, ['a', 'b c', '%zz']);
});

it('has every value of a query parameter, and none of an empty query', () => {
  assert.deepEqual(requestOf({ query: '?a=1&a=2&b' }).query, { a: ['1', '2'], b: [''] });
  assert.deepEqual([requestOf({ query: '' }).query, requestOf({ query: '?' }).query], [{}, {}]);
});

function seen(text: string): PolicyBody {
  return bodyOf(Buffer.from(text), { contentType: 'application/json', maxBytes: 65_536 });
}

it('takes JSON for JSON only where the upstream reads the same', () => {
  const ambiguous = [
    '{"role":"user","role":"admin"}',
    '{"role":"user","r\\u006fle":"admin"}',
    '[{"a":{"b":1,"b":2}}]',
    '{"amount":1e400}',
    `[${'1'.repeat(250)}e99]`,
    `[-1${'0'.repeat(310)}]`,
    `${'['.repeat(40)}${']'.repeat(40)}`,
  ];
  for (const text of ambiguous) {
    const { json, text: shown } = seen(text);
    assert.deepEqual([json, shown], [null, text]);
  }
  for (const text of [
    '{"a":1,"b":{"a":1}}',
    '[1e300,"1e400"]',
    '"a"',
    'null',
    '[{"a":1},{"a":2}]',
  ]) {
    assert.deepEqual(seen(text).json, JSON.parse(text));
  }
  const long = JSON.stringify('x'.repeat(65_000));
  assert.equal(String(seen(long).json).length, 65_000);
});
