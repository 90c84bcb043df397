/**
 * The shape of the two tools that measure the product, as tests: which way the Arena's imports point,
 * and what the tools, the product and its tests have of each other. ARCHITECTURE.md has the rules.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

import {
  filesUnder,
  type Import,
  importsOf,
  nameOf,
  ROOT,
  upwards,
} from './support/source-tree.ts';

/** Top to bottom, folders of `arena/` or files directly in it, as in `layers.test.ts`. */
const LAYERS = [
  ['main'],
  ['cli'],
  ['serve', 'run', 'report'],
  ['scenarios'],
  ['plan'],
  ['schedule', 'adapters', 'score'],
  ['tiers'],
  ['load', 'results', 'statistics'],
  ['host'],
];

/** What the tools may have of the product: how it checks files, talks on a terminal, and logs. */
const SHARED = /^src\/(?:config\/|cli\/(?:help|terminal)\.ts|errors\.ts|telemetry\/log\.ts)/;
/** Tests, and what only they use, may look at everything. */
const FOR_TESTS = /\.(?:test|fixture)\.ts$|\/stand-in\//;

function sourcesOf(folder: string): string[] {
  return filesUnder(folder, '.ts').filter((path) => !FOR_TESTS.test(path));
}

/** Where the relative imports of a folder's sources lead, from the root. */
function targetsOf(folder: string): Import[] {
  return sourcesOf(folder)
    .flatMap((path) => importsOf(path, '.'))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ file, specifier }) => ({ file, specifier: join(dirname(file), specifier) }));
}

describe('arena', () => {
  const sources = sourcesOf('arena');

  it('has a place in the layers for every folder, and a folder for every place', () => {
    const names = new Set(sources.map((path) => nameOf(relative('arena', path))));
    assert.deepEqual([...names].toSorted(), LAYERS.flat().toSorted());
  });

  it('has the layers that ARCHITECTURE.md tells of', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').replaceAll(/\s+/g, ' ');
    const [, told = ''] = /The Arena's imports point down, too: (.*?)\. /.exec(text) ?? [];
    const layers = told.split('→').map((line) => line.match(/\w+/g));
    assert.deepEqual(layers, LAYERS);
  });

  it('imports downwards, and never from a sibling', () => {
    const imports = sources.flatMap((path) => importsOf(path, 'arena'));
    assert.deepEqual(upwards(imports, LAYERS), []);
  });

  it('knows the gate by its command only', () => {
    const others = targetsOf('arena').filter(
      ({ file, specifier }) => specifier.startsWith('bench/') && !file.startsWith('arena/cli/'),
    );
    assert.deepEqual(others, []);
  });
});

describe('what measures the product', () => {
  const targets = [...targetsOf('arena'), ...targetsOf('bench')];

  it('has of it only what any program has, where it is not about parts of it', () => {
    const inside = targets.filter(
      ({ file, specifier }) =>
        specifier.startsWith('src/') && !SHARED.test(specifier) && !file.startsWith('bench/micro/'),
    );
    assert.deepEqual(inside, []);
  });

  it('has nothing of its tests', () => {
    assert.deepEqual(
      targets.filter(({ specifier }) => specifier.startsWith('test/')),
      [],
    );
  });

  it('is no part of it', () => {
    assert.deepEqual(
      targetsOf('src').filter(({ specifier }) => !specifier.startsWith('src/')),
      [],
    );
  });
});

describe('the tests of the product', () => {
  it('have of the tools only what is known of the machine', () => {
    const others = filesUnder('test', '.ts')
      .flatMap((path) => importsOf(path, '.'))
      .map(({ file, specifier }) => ({ file, specifier: join(dirname(file), specifier) }))
      .filter(({ specifier }) => /^(?:arena|bench)\/(?!host\/)/.test(specifier));
    assert.deepEqual(others, []);
  });
});
