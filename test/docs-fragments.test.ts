/**
 * Every piece of configuration that a page shows is valid, once what it leaves out stands around it: the version, an
 * upstream for its routes, an issuer for its tokens, and the files that it names.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { parse } from 'yaml';

import { parseConfig } from '../src/config/load.ts';
import { formatProblem } from '../src/config/problem.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Files that pages name and that have to be there when a configuration is read. */
const NAMED_FILES = ['mobile.key', 'authz.tar.gz'];

interface Route {
  upstream?: string;
  auth?: { jwt?: object };
}

interface Fragment {
  upstreams?: Record<string, object>;
  identity?: object;
  routes?: Route[];
}

/** Pages whose YAML is no configuration of a gateway. */
const OTHER_YAML = new Set(['docs/arena-targets.md']);

describe('a fragment of a configuration in', () => {
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-fragments-'));
    for (const name of NAMED_FILES) writeFileSync(join(folder, name), 'a-key-for-the-test');
    cpSync(join(ROOT, 'policies'), join(folder, 'policies'), { recursive: true });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const page of pages()) {
    for (const [index, text] of fragments(page).entries()) {
      it(`${page} is valid: ${index + 1}`, () => {
        const whole = JSON.stringify(completed(parse(text) ?? {}));
        const loaded = parseConfig(whole, { file: page, baseDir: folder, env: {}, overrides: {} });
        assert.deepEqual(loaded.ok ? [] : loaded.problems.map(formatProblem), []);
      });
    }
  }
});

function pages(): string[] {
  return readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .filter((page) => !OTHER_YAML.has(page))
    .toSorted();
}

/** The blocks without a version; those with one are whole, and `docs.test.ts` takes them as they are. */
function fragments(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return Array.from(text.matchAll(/^```yaml\n([\s\S]*?)^```/gm), ([, block = '']) => block).filter(
    (block) => !/^version:/m.test(block),
  );
}

function completed(fragment: Fragment): object {
  const routes = (fragment.routes ?? []).map((route) => ({ upstream: 'backend', ...route }));
  const backend = { endpoints: [{ url: 'http://127.0.0.1:9000' }] };
  const named = routes.map(({ upstream }) => [upstream, backend] as const);
  const needsIssuer = routes.some(({ auth }) => auth?.jwt !== undefined);
  return {
    version: 1,
    ...(needsIssuer ? { identity: { issuers: { idp: ISSUER } } } : {}),
    ...fragment,
    upstreams: { ...Object.fromEntries(named), ...fragment.upstreams },
    routes,
  };
}

const ISSUER = { issuer: 'https://idp.example.test', audiences: ['orders'] };
