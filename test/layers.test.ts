/**
 * The shape of the source tree, as tests: which way imports point, who may import what is dangerous, where `unsafe`
 * may stand. ARCHITECTURE.md explains the rules; change them there and here together.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';

import { filesUnder, importsOf, nameOf, ROOT, upwards } from './support/source-tree.ts';

/**
 * Top to bottom, a name being a folder of `src/` or a file directly in it. A file imports from its own name or from
 * the lines under it; names on one line never import each other.
 */
const LAYERS = [
  ['main', 'shipper', 'worker'],
  ['cli'],
  ['modes', 'supervisor'],
  ['stages'],
  ['listener', 'admin', 'identity', 'metering', 'policy', 'quotas', 'revocation', 'upstreams'],
  ['telemetry'],
  ['native', 'config'],
  ['errors', 'json'],
];

/** What only one place may import, by the pattern its specifier matches. */
const IMPORTERS = [
  { specifier: /^uWebSockets\.js$/, only: /^listener\//, why: 'it is global and ends the process' },
  { specifier: /\.node$/, only: /^native\/addon\.ts$/, why: 'one crossing, one set of types' },
  { specifier: /^commander$/, only: /^cli\//, why: 'the command line is one concern' },
  { specifier: /^yaml$/, only: /^config\//, why: 'files are parsed in one place' },
  {
    specifier: /^jose$/,
    only: /^(?:identity\/|policy\/bundle\/)/,
    why: 'signatures are checked where tokens and bundles are believed',
  },
  { specifier: /^kafkajs$/, only: /^metering\//, why: 'a sink is one concern' },
  { specifier: /^@redis\/client$/, only: /^quotas\//, why: 'connections are one concern' },
  { specifier: /^piscina$/, only: /^policy\/threads\//, why: 'threads are one concern' },
  {
    specifier: /^zod$/,
    only: /^(?:config\/|metering\/event-schema)/,
    why: 'types, schema and reference have one source',
  },
];

/** The Rust files that may hold `unsafe`: libuv, memory (mapped, asked for ahead), and the raw callbacks of Node. */
const UNSAFE_FILES = [
  'native/addon/src/ahead.rs',
  'native/addon/src/callbacks.rs',
  'native/addon/src/callbacks/sink.rs',
  'native/addon/src/callbacks/values.rs',
  'native/addon/src/mapping.rs',
  'native/addon/src/uv.rs',
];

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(?:^|[/_-])(?:utils?|helpers?|managers?|misc|common|index)(?:\.|\/|$)/;

function rankOf(name: string): number {
  return LAYERS.findIndex((layer) => layer.includes(name));
}

/** Rust source without comments, string and character literals. */
function codeOf(source: string): string {
  return source.replaceAll(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r#+"[\s\S]*?"#+|b?"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\.)'/g,
    ' ',
  );
}

describe('src', () => {
  const sources = filesUnder('src', '.ts');
  const imports = sources.flatMap((path) => importsOf(path, 'src'));

  it('has a place in the layers for every folder', () => {
    const unplaced = sources
      .map((path) => nameOf(relative('src', path)))
      .filter((name) => rankOf(name) < 0);
    assert.deepEqual([...new Set(unplaced)], []);
  });

  it('has a folder for every place in the layers', () => {
    const names = new Set(sources.map((path) => nameOf(relative('src', path))));
    assert.deepEqual(
      LAYERS.flat().filter((name) => !names.has(name)),
      [],
    );
  });

  it('are those that ARCHITECTURE.md tells of', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').replaceAll(/\s+/g, ' ');
    const [, told = ''] = /Imports point down: (.*?)\. `test\/layers/.exec(text) ?? [];
    const layers = told
      .replace(/\(.*?\)/, '')
      .split('→')
      .map((line) => line.match(/\w+/g));
    assert.deepEqual(layers, LAYERS);
  });

  it('imports downwards, and never from a sibling', () => {
    assert.deepEqual(upwards(imports, LAYERS), []);
  });

  for (const { specifier: pattern, only, why } of IMPORTERS) {
    it(`imports ${pattern.source} only from ${only.source}: ${why}`, () => {
      const others = imports.filter(
        ({ file, specifier }) => pattern.test(specifier) && !only.test(file),
      );
      assert.deepEqual(others, []);
    });
  }

  it('names no file or folder after nothing', () => {
    assert.deepEqual(
      [
        ...sources,
        ...filesUnder('native/core/src', '.rs'),
        ...filesUnder('native/addon/src', '.rs'),
      ].filter((path) => EMPTY_NAMES.test(path)),
      [],
    );
  });

  it('asks for the mode nowhere but in src/modes', () => {
    const asking = sources.filter(
      (path) =>
        !/^src\/(?:modes|config|cli)\//.test(path) &&
        /\bmode\s*===/.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    assert.deepEqual(asking, []);
  });
});

describe('native', () => {
  it('has unsafe code in the listed files only', () => {
    const unsafe = ['native/core', 'native/tls', 'native/policy', 'native/addon']
      .flatMap((folder) => filesUnder(folder, '.rs'))
      .filter((path) => /\bunsafe\b/.test(codeOf(readFileSync(join(ROOT, path), 'utf8'))))
      .filter((path) => !UNSAFE_FILES.includes(path));
    assert.deepEqual(unsafe, []);
  });

  it('lists no file that is gone', () => {
    assert.deepEqual(
      UNSAFE_FILES.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });

  for (const crate of ['core', 'tls', 'policy']) {
    it(`forbids unsafe code in native/${crate}`, () => {
      assert.match(
        readFileSync(join(ROOT, 'native', crate, 'src/lib.rs'), 'utf8'),
        /#!\[forbid\(unsafe_code\)\]/,
      );
    });
  }

  it('keeps Node, libuv, sockets and clocks out of the core', () => {
    const manifest = readFileSync(join(ROOT, 'native/core/Cargo.toml'), 'utf8');
    assert.doesNotMatch(
      manifest,
      /^(?:napi|libuv|rustix|libc|tokio|mio|socket2|rand|getrandom)\b/m,
    );
    const impure = filesUnder('native/core/src', '.rs').filter((path) =>
      /\bstd::(?:net::(?:Tcp|Udp)|fs\b|process\b|thread::sleep)|\b(?:Instant|SystemTime)::now\b/.test(
        withoutTests(codeOf(readFileSync(join(ROOT, path), 'utf8'))),
      ),
    );
    assert.deepEqual(impure, []);
  });
});

/** A Rust file up to its tests, which stand last. */
function withoutTests(code: string): string {
  return code.split(/#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod\b/)[0] ?? '';
}
