import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { type ConfigDocument, readDocument } from './document.ts';

function documentOf(text: string): ConfigDocument {
  const read = readDocument(text);
  assert.ok(read.ok, JSON.stringify(read));
  return read.document;
}

describe('places', () => {
  const document = documentOf('a:\n  b: [1, {c: 2}]\n  "d.e": 3\nempty:\n');

  // biome-ignore format: a table is read by column.
  const cases = [
    { path: ['a', 'b', 1, 'c'],  at: 'value', line: 2, column: 14, why: 'a value' },
    { path: ['a', 'b', 1, 'c'],  at: 'key',   line: 2, column: 11, why: 'its key' },
    { path: ['a', 'b', 9, 'c'],  at: 'value', line: 2, column: 6,  why: 'what is around a missing one' },
    { path: ['x'],               at: 'value', line: 1, column: 1,  why: 'the document' },
    { path: ['empty', 'x'],      at: 'value', line: 4, column: 7,  why: 'an empty value' },
  ] as const;
  for (const { path, at, line, column, why } of cases) {
    it(`${JSON.stringify(path)} ${at}: ${why}`, () => {
      assert.deepEqual(document.placeOf(path, at), { line, column });
    });
  }

  it('finds keys with dots in a dotted path', () => {
    assert.deepEqual(document.pathOf('a.d.e'), ['a', 'd.e']);
    assert.deepEqual(document.pathOf('a.b.1.c'), ['a', 'b', 1, 'c']);
    assert.deepEqual(document.pathOf('a.missing.0'), ['a', 'missing', 0]);
    assert.deepEqual(document.pathOf(''), []);
  });

  it('follows an alias to what it stands for', () => {
    const aliased = documentOf('x: &one {k: 1}\ny: *one\n');
    assert.deepEqual(aliased.placeOf(['y', 'k']), { line: 1, column: 13 });
  });
});

describe('what is no document', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { text: 'a: [1,\nb: "secret',              line: 2, why: 'a quote that is not closed' },
    { text: 'a: 1\na: 2',                      line: 2, why: 'a key twice' },
    { text: 'a: 1\n---\nb: 2',                 line: 2, why: 'two documents' },
    { text: 'a: !secret b',                    line: 1, why: 'a tag' },
    { text: 'a: *secret',                      line: 1, why: 'an alias to nothing' },
    { text: 'a: &x [*x]',                      line: 1, why: 'an alias in a circle' },
    { text: '? [secret]\n: b',                 line: 1, why: 'a key that is a list' },
    { text: 'a: 1\n__proto__: {}',             line: 2, why: 'a key that is no key' },
    { text: '\ta: secret',                     line: 1, why: 'a tab' },
    { text: '['.repeat(100_000),               line: 1, why: 'nested without end' },
    { text: `${'['.repeat(80)}${']'.repeat(80)}`, line: 1, why: 'nested too deeply' },
  ];
  for (const { text, line, why } of cases) {
    it(`line ${line}: ${why}`, () => {
      const read = readDocument(text);
      assert.ok(!read.ok);
      assert.equal(read.faults[0]?.line, line);
      assert.ok(read.faults.length <= 10);
      for (const { message } of read.faults) assert.doesNotMatch(message, /secret/);
    });
  }

  it('a bomb of aliases', () => {
    const bomb = Array.from({ length: 9 }, (_, index) => {
      const uses = Array.from({ length: 9 }, () => (index === 0 ? '1' : `*a${index - 1}`));
      return `k${index}: &a${index} [${uses.join(', ')}]`;
    });
    assert.ok(!readDocument(bomb.join('\n')).ok);
  });

  it('16 MiB and a byte', () => {
    assert.ok(!readDocument(' '.repeat(16_777_217)).ok);
  });
});

it('reads any text at all without throwing, and places every fault', () => {
  const yamlish = fc.stringMatching(/^[-a-z0-9:{}[\]"'&*!|>#%@?,\n\t \\$]{0,80}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), (text) => {
      const read = readDocument(text);
      if (read.ok) read.document.toValue();
      else for (const { line, column } of read.faults) assert.ok(line >= 1 && column >= 1);
    }),
    { numRuns: 2000 },
  );
});
