/**
 * The documentation says what the code does: every name that is part of the interface is on its page, every example
 * is valid, every link leads somewhere.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { everyCommand } from '../src/cli/help.ts';
import { buildProgram } from '../src/cli/program.ts';
import { alternatives, configJsonSchema, type JsonSchema } from '../src/config/json-schema.ts';
import { parseConfig } from '../src/config/load.ts';
import { formatProblem } from '../src/config/problem.ts';

const ROOT = join(import.meta.dirname, '../..');

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The part of a source between two texts; fails when it has moved. */
function section(path: string, from: string, to: string): string {
  const text = read(path);
  const start = text.indexOf(from);
  assert.notEqual(start, -1, `${path} has no ${JSON.stringify(from)}: adapt this test`);
  return text.slice(start, text.indexOf(to, start));
}

function captures(text: string, pattern: RegExp): string[] {
  const found = Array.from(text.matchAll(pattern), ([, name = '']) => name);
  assert.notEqual(found.length, 0, `nothing matches ${pattern.source}: adapt this test`);
  return [...new Set(found)].toSorted();
}

/** Names in the first column of a page's tables: `| \`name\` | …`. */
function tabled(page: string): string[] {
  return captures(read(page), /^\| `([^`]+)` \|/gm);
}

const PAGES = [
  'examples/keycloak-opa-kafka/README.md',
  'examples/tls/README.md',
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].toSorted();

describe('docs/reference', () => {
  it('has every problem code with its status, and no other', () => {
    const table = section('native/core/src/problem.rs', '\nproblems! {', '\n}');
    const inCode = Array.from(
      table.matchAll(/^\s*\w+ "(\w+)" (\d{3})/gm),
      ([, code, status]) => `${code} ${status}`,
    );
    const inPage = Array.from(
      read('docs/reference/problems.md').matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm),
      ([, code, status]) => `${code} ${status}`,
    );
    assert.notEqual(inCode.length, 0);
    assert.deepEqual(inPage.toSorted(), inCode.toSorted());
  });

  it('has every metric, and no other', () => {
    const table = section('native/core/src/metrics/table.rs', 'METRICS: &[', '\n];');
    assert.deepEqual(tabled('docs/reference/metrics.md'), captures(table, /\(\s*"(stoa_\w+)"/g));
  });

  it('has every route of the admin listener, and no other', () => {
    const table = section('src/admin/server.ts', 'ROUTES:', ']);');
    const routes = tabled('docs/reference/admin.md').filter((name) => name.startsWith('/'));
    assert.deepEqual(routes, captures(table, /'(\/[^']*)'/g));
  });

  it('has every problem of the admin listener, and no other', () => {
    const table = section('src/admin/problem.ts', 'PROBLEMS =', '} as const');
    const codes = tabled('docs/reference/admin.md').filter((name) => name.includes('_'));
    assert.deepEqual(codes, captures(table, /^ {2}(\w+):/gm));
  });

  it('has every key of the configuration', () => {
    const rows = new Set(tabled('docs/reference/config.md'));
    const keys = captures(keysOf(configJsonSchema()).join('\n'), /^(.+)$/gm);
    assert.deepEqual(
      keys.filter((key) => !rows.has(key)),
      [],
    );
  });

  it('has every command and flag', () => {
    const page = read('docs/reference/cli.md');
    const program = buildProgram(
      { out() {}, err() {}, paint: (_, text) => text, readInput: async () => '' },
      () => {},
    );
    const flags = everyCommand(program).flatMap((command) =>
      command.options.map(({ long }) => long ?? ''),
    );
    assert.ok(flags.includes('--config'));
    assert.deepEqual(
      flags.filter((flag) => !new RegExp(`${flag}\\b`).test(page)),
      [],
    );
  });
});

describe('every page', () => {
  for (const page of PAGES) {
    it(`${page}: links lead somewhere`, () => {
      const targets = Array.from(
        read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g),
        ([, to = '']) => to,
      );
      const broken = targets
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(ROOT, dirname(page), target)));
      assert.deepEqual(broken, []);
    });

    for (const [index, text] of wholeConfigurations(page).entries()) {
      it(`${page}: configuration ${index + 1} is valid`, () => {
        assertValid(text, page);
      });
    }
  }

  for (const name of readdirSync(join(ROOT, 'examples'))) {
    const file = join('examples', name, 'gateway.yaml');
    it(`${file} is valid`, () => assertValid(read(file), file));
  }

  it('docs/tls.md has every reason why TLS fails', () => {
    const table = section('native/tls/src/failure.rs', 'fn label', '\n    }');
    const page = read('docs/tls.md');
    const missing = captures(table, /"(\w+)"/g).filter((reason) => !page.includes(`\`${reason}\``));
    assert.deepEqual(missing, []);
  });
});

function wholeConfigurations(page: string): string[] {
  const blocks = Array.from(
    read(page).matchAll(/```yaml\n([\s\S]*?)```/g),
    ([, text = '']) => text,
  );
  return blocks.filter((text) => /^version:/m.test(text));
}

function assertValid(text: string, file: string): void {
  const env = { MOBILE_KEY: 'a-key-for-the-test' };
  const loaded = parseConfig(text, { file, baseDir: ROOT, env, overrides: {} });
  assert.deepEqual(loaded.ok ? [] : loaded.problems.map(formatProblem), []);
}

/** Every property name anywhere in a schema. */
function keysOf(schema: JsonSchema): string[] {
  return alternatives(schema).flatMap(({ properties = {}, items, additionalProperties }) => [
    ...Object.entries(properties).flatMap(([name, below]) => [name, ...keysOf(below)]),
    ...(items === undefined ? [] : keysOf(items)),
    ...(typeof additionalProperties === 'object' ? keysOf(additionalProperties) : []),
  ]);
}
