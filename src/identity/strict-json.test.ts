import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { memberOf, parseStrictObject } from './strict-json.ts';

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

describe('strict JSON', () => {
  // biome-ignore format: a table is read by column.
  const refused = [
    '', 'null', '[]', '"{}"', '{', '{"a":1,}', '\ufeff{}', '{"a":1}{}',
    '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '{"x":{"b":1,"b":2}}', '{"x":[{"b":1},{"b":1,"b":2}]}',
    '{"a":"}","a":1}', '{"a":"\\"","a":1}', '{"":1,"":2}', '{"__proto__":1,"__proto__":2}',
  ];
  for (const text of refused) {
    it(`${text} is not taken`, () => assert.equal(parseStrictObject(text), null));
  }

  // biome-ignore format: a table is read by column.
  const taken = [
    '{}', '{"a":"a","b":"a"}', '{"a":{"a":1}}', '{"a":["a","a",":","a"]}', '{"a":[{"b":1},{"b":1}]}',
    '{"a":"\\\\","b":1}', '{"a,\\"b":1,"b":2}',
  ];
  for (const text of taken) {
    it(`${text} is taken`, () => assert.deepEqual(parseStrictObject(text), JSON.parse(text)));
  }

  it('takes 32 levels and no more', () => {
    assert.notEqual(parseStrictObject(nested(32)), null);
    assert.equal(parseStrictObject(nested(33)), null);
  });

  it('takes whatever JSON.stringify makes of an object', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(object, (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseStrictObject(text), JSON.parse(text));
      }),
    );
  });

  it('takes no object with a member twice, wherever it stands', () => {
    const members = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
    fc.assert(
      fc.property(members, fc.nat(), fc.nat(3), (value, at, depth) => {
        const written = Object.entries(value).map(
          ([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`,
        );
        const twice = [...written, written[at % written.length]].join();
        assert.equal(
          parseStrictObject(`${'{"x":['.repeat(depth)}{${twice}}${']}'.repeat(depth)}`),
          null,
        );
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseStrictObject(text);
      }),
    );
  });

  it('has its own members only', () => {
    assert.equal(memberOf(parseStrictObject('{}') ?? {}, 'constructor'), undefined);
    assert.equal(memberOf(parseStrictObject('{"__proto__":{"alg":1}}') ?? {}, 'alg'), undefined);
  });
});
