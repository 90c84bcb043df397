/** Cores as the kernel lists them. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { allowedOf, bornTicksOf, coresOf, everyProcess, listOf } from './placement.ts';

describe('a list of cores', () => {
  it('is read and written as the kernel does', () => {
    assert.deepEqual([...coresOf('0-3,8')], [0, 1, 2, 3, 8]);
    assert.equal(listOf([8, 0, 1, 2, 3]), '0-3,8');
    assert.equal(listOf([5]), '5');
  });

  it('is the same cores after being written and read', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 64 }), (cores) => {
        assert.deepEqual(
          [...coresOf(listOf(cores))],
          cores.toSorted((a, b) => a - b),
        );
      }),
    );
  });
});

describe('processes', () => {
  it('are found with where they may run, and told when they were born', () => {
    const own = everyProcess().find(({ pid }) => pid === process.pid);
    assert.equal(own?.allowed, allowedOf(process.pid));
    assert.ok(bornTicksOf(process.pid) >= bornTicksOf(process.ppid));
  });

  it('have nothing once they are gone', () => {
    assert.equal(allowedOf(2 ** 30), '');
    assert.equal(bornTicksOf(2 ** 30), 0);
  });
});
