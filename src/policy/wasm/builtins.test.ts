/** The host's built-in functions say what OPA's do. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { BUILTINS } from './builtins.ts';
import { sprintf } from './sprintf.ts';

function call(name: string, ...values: readonly unknown[]): unknown {
  const builtin = BUILTINS[name];
  assert.ok(builtin);
  return Reflect.apply(builtin, undefined, values);
}

// What `opa eval` 1.22 prints for each.
const CASES: readonly (readonly [string, readonly unknown[], unknown])[] = [
  ['time.parse_rfc3339_ns', ['2026-01-02T03:04:05Z'], 1_767_323_045_000_000_000n],
  ['time.parse_rfc3339_ns', ['2026-01-02T03:04:05.000000007+01:00'], 1_767_319_445_000_000_007n],
  ['time.date', [1_767_323_045_000_000_000], [2026, 1, 2]],
  ['time.clock', [1_767_323_045_000_000_000], [3, 4, 5]],
  ['time.weekday', [1_767_323_045_000_000_000], 'Friday'],
  ['crypto.sha256', ['a'], 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
  [
    'crypto.hmac.sha256',
    ['a', 'k'],
    '78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e',
  ],
  ['hex.encode', ['é'], 'c3a9'],
  ['hex.decode', ['c3a9'], 'é'],
  ['urlquery.encode', ['a b&c=é'], 'a+b%26c%3D%C3%A9'],
  ['urlquery.decode', ['a+b%26c%3D%C3%A9'], 'a b&c=é'],
];

for (const [name, values, expected] of CASES) {
  it(`${name}(${JSON.stringify(values)})`, () => assert.deepEqual(call(name, ...values), expected));
}

describe('a function that fails', () => {
  for (const [name, value] of [
    ['time.parse_rfc3339_ns', 'today'],
    ['time.date', '2026'],
    ['hex.decode', 'abc'],
    ['urlquery.decode', '%zz'],
  ] as const) {
    it(`throws: ${name}(${value})`, () => assert.throws(() => call(name, value)));
  }
});

describe('sprintf', () => {
  // biome-ignore format: a table is read by column.
  const cases: readonly (readonly [string, readonly unknown[], string])[] = [
    ['%s is %d of %v', ['a', 1, true],            'a is 1 of true'],
    ['%v %v',          [['x', 1], { k: 'v' }],    '["x", 1] {"k": "v"}'],
    ['%5d|%-5d|%05d',  [42, 42, 42],              '   42|42   |00042'],
    ['%s %s',          ['x'],                     'x %!s(MISSING)'],
    ['%d %d',          ['x', 1.5],                '%!d(string=x) %!d(float64=1.5)'],
    ['%s',             ['x', 'y', 2],             'x%!(EXTRA string=y, int64=2)'],
    ['%s %s',          [5, [1, 'a']],             '%!s(int64=5) [1, "a"]'],
    ['%s %t %d',       [true, true, null],        'true %!t(string=true) %!d(string=null)'],
    ['%.2f %x %q %%',  [1.005, 255, 'é"'],        '1.00 ff "é\\"" %'],
  ];
  // What OPA 1.22 prints for each.
  for (const [format, values, expected] of cases) {
    it(`${format} of ${JSON.stringify(values)}`, () => {
      assert.equal(sprintf(format, values), expected);
    });
  }
});
