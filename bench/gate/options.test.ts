/** What the gate can be told. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Command } from 'commander';

import { isGateFailure } from './failure.ts';
import { addGateOptions, type Flags, type GateOptions, gateOptions, looksUpTo } from './options.ts';

function parsed(...words: string[]): GateOptions {
  const command = addGateOptions(new Command('gate')).exitOverride();
  command.configureOutput({ writeErr: () => {} });
  return gateOptions(command.parse(words, { from: 'user' }).opts<Flags>(), () => 0.5);
}

describe('the options of the gate', () => {
  it('compare the working tree with base in the usual scenarios', () => {
    assert.deepEqual(parsed('--base', 'main'), {
      base: 'main',
      head: 'worktree',
      layer: 'all',
      scenarios: ['full', 'full-native', 'churn'],
      looks: [16, 32, 48],
      seed: 2 ** 30,
      json: null,
      history: null,
      keep: false,
      injection: { spin: { base: 0, head: 0 }, hog: false },
    });
  });

  it('are understood', () => {
    const { scenarios, looks, seed, layer, head } = parsed(
      ...'--base v1 --head v2 --layer 2 --scenarios churn,pass --rounds-max 20 --seed 7'.split(' '),
    );
    assert.deepEqual([scenarios, looks, seed], [['churn', 'pass'], [16, 20], 7]);
    assert.deepEqual([layer, head], ['2', 'v2']);
    assert.deepEqual(parsed('--base', 'v1', '--quick').scenarios, ['full']);
    assert.deepEqual(parsed('--base', 'v1', '--inject', 'head=9').injection.spin, {
      base: 0,
      head: 9,
    });
    assert.equal(parsed('--base', 'v1', '--inject', 'hog').injection.hog, true);
  });

  it('say what is missing without a base', () => {
    for (const words of [[], ['--base', '']]) {
      assert.throws(
        () => parsed(...words),
        (error) =>
          isGateFailure(error) &&
          error.kind === 'usage' &&
          /make gate BASE=REF/.test(error.message),
      );
    }
  });

  for (const wrong of [
    '--scenarios fast',
    '--scenarios ,',
    '--rounds-max 0',
    '--rounds-max 1.5',
    '--seed -1',
    '--layer 3',
    '--inject tail=1',
    '--surprise',
  ]) {
    it(`refuse ${wrong}`, () => {
      assert.throws(() => parsed('--base', 'main', ...wrong.split(' ')), {
        name: 'CommanderError',
      });
    });
  }

  it('have a last look where the rounds end, and none after', () => {
    assert.deepEqual(looksUpTo(2), [2]);
    assert.deepEqual(looksUpTo(16), [16]);
    assert.deepEqual(looksUpTo(17), [16, 17]);
    assert.deepEqual(looksUpTo(96), [16, 32, 48, 64, 80, 96]);
  });
});
