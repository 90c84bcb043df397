import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { parseConfig } from './load.ts';
import type { Model } from './schema.ts';

const directory = mkdtempSync(join(tmpdir(), 'stoa-salvage-'));
after(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly problems: readonly string[];
  /** What native code is given to check. */
  readonly rest: Model | null;
}

function outcomeOf(text: string): Outcome {
  const source = { file: 'g.yaml', baseDir: directory, env: {}, cores: 1 };
  const loaded = parseConfig(text, source);
  if (loaded.ok) return { problems: [], rest: loaded.model };
  const problems = loaded.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
  return { problems, rest: loaded.rest?.model ?? null };
}

function around(lines: string): string {
  return `version: 1\nupstreams: { a: { endpoints: [{ url: "http://a:1" }] } }\n${lines}`;
}

describe('one run tells what is wrong', () => {
  it('with references, with the schema and with the meaning, in the order of the file', () => {
    const { problems, rest } = outcomeOf(`version: 1
workers: \${NOT_SET}
drain: { deadlineMs: soon }
upstreams:
  a: { endpoints: [{ url: "ftp://a" }], timeouts: { idleMs: -1 } }
  b: { endpoints: [{ url: "http://b:1" }, { url: "http://b:1" }] }
consumers:
  one: { apiKeys: [{ value: "\${NO_KEY}" }, { value: k }] }
  two: { apiKeys: [{ value: k }] }
routes:
  - { name: r, match: { methods: [get] }, upstream: a }
  - { name: r, upstream: c }
  - { name: s, deny: 5 }
  - { name: t }
  - { name: u, upstream: a, rateLimit: { by: tenant, requests: 1, windowMs: 1 } }
`);
    assert.deepEqual(problems, [
      '2 workers: environment variable NOT_SET is not set; ${NOT_SET:-default} gives a default',
      '3 drain.deadlineMs: expected a number, found text',
      '5 upstreams.a.endpoints[0].url: expected the scheme http://',
      '5 upstreams.a.timeouts.idleMs: must be at least 0',
      '6 upstreams.b.endpoints[1].url: this endpoint is listed twice; use weight',
      '8 consumers.one.apiKeys[0].value: environment variable NO_KEY is not set; ${NO_KEY:-default} gives a default',
      '11 routes[0].match.methods[0]: a method is written in capitals, such as GET',
      '12 routes[1].name: route name "r" is taken by routes[0]',
      '12 routes[1].upstream[0].name: unknown upstream "c" (did you mean "a"?)',
      '13 routes[2].deny: expected true or false, found a number',
      '14 routes[3]: needs one of upstream, redirect and deny',
      '15 routes[4].rateLimit.by: a limit by tenant needs auth on this route, or nobody is known',
    ]);
    assert.equal(rest?.routes.length, 5);
  });
});

describe('a mistake is told once, without what would follow from it', () => {
  const route = 'routes: [{ name: r, upstream: a }]';
  // biome-ignore format: a table is read by column.
  const cases = [
    { what: 'a misspelt section that others refer to',   text: 'version: 1\nupstream: { a: {} }\nroutes: [{ name: r, upstream: a }, { name: s, upstream: [{ name: b }] }]' },
    { what: 'a section under another name altogether',   text: `version: 1\nbackends: { a: {} }\n${route}` },
    { what: 'a section of the wrong kind',               text: `version: 1\nupstreams: []\n${route}` },
    { what: 'an upstream of the wrong kind',             text: `version: 1\nupstreams: { a: "http://a" }\n${route}` },
    { what: 'an upstream without endpoints',             text: `version: 1\nupstreams: { a: {} }\n${route}` },
    { what: 'a misspelt key of an upstream',             text: `version: 1\nupstreams: { a: { endpoints: [{ url: "http://a" }], timeout: {} } }\n${route}` },
    { what: 'a key without a value',                     text: around('consumers: { c: { apiKeys: [{ value: "${NOT_SET}" }] } }') },
    { what: 'a port without a value',                    text: `version: 1\nupstreams: { a: { endpoints: [{ url: "http://a", weight: "\${NOT_SET}" }] } }\n${route}` },
    { what: 'an action of the wrong kind',               text: around('routes: [{ name: r, upstream: 5 }]') },
    { what: 'a misspelt action',                         text: around('routes: [{ name: r, upstraem: a }]') },
    { what: 'authentication of the wrong kind',          text: around('routes: [{ name: r, upstream: a, auth: key, rateLimit: { by: consumer, requests: 1, windowMs: 1 } }]') },
    { what: 'misspelt authentication',                   text: around('routes: [{ name: r, upstream: a, aut: {}, rateLimit: { by: consumer, requests: 1, windowMs: 1 } }]') },
    { what: 'a listener of the wrong kind',              text: around('listeners: [5]\nadmin: { address: "127.0.0.1:8080" }') },
    { what: 'a route of the wrong kind',                 text: around('routes: [5, { name: s, upstream: a }]') },
    { what: 'a route without a name',                    text: around('routes: [{ upstream: a }, { name: s, upstream: a }]') },
    { what: 'a version of another release',              text: `version: 2\nupstreams: { a: { endpoints: [{ url: "http://a" }] } }\n${route}` },
    { what: 'a file of keys of the wrong kind',          text: around('apiKeyFiles: [5]') },
    { what: 'a file of keys that is not there',          text: around('apiKeyFiles: [none.csv]') },
    { what: 'a name that is none',                       text: around('consumers: { "a b": {} }') },
  ];
  for (const { what, text } of cases) {
    it(what, () => {
      const { problems, rest } = outcomeOf(text);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.notEqual(rest, null);
    });
  }

  it('and nothing is left of what is no mapping', () => {
    assert.equal(outcomeOf('[]').rest, null);
    assert.equal(outcomeOf('a: [').rest, null);
  });

  it('what native code says of a part that was wrong already is not told', () => {
    const source = { file: 'g.yaml', baseDir: directory, env: {}, cores: 1 };
    const loaded = parseConfig(
      around('routes: [{ name: r, match: { path: 5 }, upstream: a }]'),
      source,
    );
    assert.ok(!loaded.ok);
    const errors = ['routes.0.match.path', 'routes.0.request.path.rewrite'];
    const placed = loaded.rest?.problemsAt(errors.map((path) => ({ path, message: 'no' })));
    assert.deepEqual(
      placed?.map(({ path }) => path),
      ['routes[0].request.path.rewrite'],
    );
  });
});
