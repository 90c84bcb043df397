/** Header fields and paths of a request, as a policy sees them. @module */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';

import { inputOf, type PolicyInput, type RequestParts } from './input.ts';

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
