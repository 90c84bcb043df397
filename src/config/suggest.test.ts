import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { didYouMean, nearest } from './suggest.ts';

describe('did you mean', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { word: 'rateLimits', meant: 'rateLimit', why: 'a letter too many' },
    { word: 'ratelimit',  meant: 'rateLimit', why: 'another case' },
    { word: 'upstraem',   meant: 'upstream',  why: 'two letters swapped' },
    { word: 'banana',     meant: undefined,   why: 'nothing is near' },
    { word: '',           meant: undefined,   why: 'nothing was written' },
  ];
  for (const { word, meant, why } of cases) {
    it(`"${word}" is ${meant ?? 'nothing'}: ${why}`, () => {
      assert.equal(nearest(word, ['rateLimit', 'upstream', 'redirect']), meant);
    });
  }

  it('says nothing where there is nothing to say', () => {
    assert.equal(didYouMean('x', []), '');
    assert.equal(didYouMean('mode', ['modes']), ' (did you mean "modes"?)');
  });

  it('finds a word that is known', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (word) => {
        assert.equal(nearest(word, ['another', word])?.toLowerCase(), word.toLowerCase());
      }),
    );
  });
});
