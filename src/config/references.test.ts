import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';

import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { digestOfKey } from './schema/consumers.ts';

const directory = mkdtempSync(join(tmpdir(), 'stoa-references-'));
after(() => rmSync(directory, { recursive: true }));

function parse(text: string, env: Record<string, string> = {}): ReturnType<typeof parseConfig> {
  return parseConfig(`version: 1\n${text}`, { file: 'g.yaml', baseDir: directory, env });
}

function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  const loaded = parse(text, env);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function digestFor(value: string, env: Record<string, string> = {}): string | undefined {
  const loaded = parse(`consumers: { c: { apiKeys: [{ value: ${JSON.stringify(value)} }] } }`, env);
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems));
  return loaded.model.consumers['c']?.apiKeys[0]?.sha256;
}

describe('references to the environment', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { written: '${KEY}',            becomes: 'k1',       why: 'the variable' },
    { written: 'a-${KEY}-${KEY}',   becomes: 'a-k1-k1',  why: 'inside text, twice' },
    { written: '${GONE:-other}',    becomes: 'other',    why: 'the default of one that is not set' },
    { written: '${EMPTY:-other}',   becomes: 'other',    why: 'the default of one that is empty' },
    { written: '$${KEY}',           becomes: '${KEY}',   why: 'quoted' },
    { written: '${key}',            becomes: '${key}',   why: 'lower-case names are not ours' },
    { written: '${DIGITS}',         becomes: '12345',    why: 'digits stay text where text is wanted' },
  ];
  for (const { written, becomes, why } of cases) {
    it(`${written}: ${why}`, () => {
      const env = { KEY: 'k1', EMPTY: '', DIGITS: '12345' };
      assert.equal(digestFor(written, env), digestOfKey(becomes));
    });
  }

  it('become numbers where numbers are wanted', () => {
    const loaded = parse('workers: ${WORKERS}\ndrain: { deadlineMs: "${WAIT:-5}" }', {
      WORKERS: '4',
    });
    assert.ok(loaded.ok);
    assert.equal(loaded.model.workers, 4);
    assert.equal(loaded.model.drain.deadlineMs, 5);
  });

  it('that are not set are problems with a place', () => {
    assert.deepEqual(problemsOf('workers: ${WORKERS}'), [
      'g.yaml:2:10: workers: environment variable WORKERS is not set; ${WORKERS:-default} gives a default',
    ]);
  });

  it('are plain text in a template', () => {
    const text = `upstreams: { a: { endpoints: [{ url: "http://a" }] } }
routes: [{ name: r, upstream: a, request: { headers: { set: { x: "\${V} $\${V} \${tenant}" } } } }]`;
    const loaded = parse(text, { V: '${consumer}' });
    assert.ok(loaded.ok);
    assert.equal(loaded.model.routes[0]?.request.headers.set['x'], '$${consumer} $${V} ${tenant}');
  });
});

describe('references to files', () => {
  it('give what the file holds, without its last line break', () => {
    writeFileSync(join(directory, 'key.txt'), 'from-a-file\n');
    assert.equal(digestFor('file:key.txt'), digestOfKey('from-a-file'));
  });

  it('are for secrets only', () => {
    const loaded = parse('accessLog: { output: "file:key.txt" }');
    assert.ok(loaded.ok);
    assert.equal(loaded.model.accessLog.output, join(directory, 'file:key.txt'));
  });

  it('that cannot be read are problems with a place', () => {
    writeFileSync(join(directory, 'big'), 'x'.repeat(4097));
    for (const [file, says] of [
      ['missing', /no such file \(ENOENT\)/],
      ['.', /is not a file/],
      ['big', /more than 4096 bytes/],
    ] as const) {
      const [problem] = problemsOf(`consumers: { c: { apiKeys: [{ value: "file:${file}" }] } }`);
      assert.match(problem ?? '', says);
      assert.match(problem ?? '', /^g\.yaml:2:38: /);
    }
  });
});

it('a value that came by reference is in no message', () => {
  const places = fc.constantFrom(
    (reference: string) => `mode: ${reference}`,
    (reference: string) => `admin: ${reference}`,
    (reference: string) => `listeners: [{ address: "${reference}" }]`,
    (reference: string) =>
      `consumers: { c: { tenant: "${reference}", apiKeys: [{ value: "${reference}", expiresAt: "${reference}" }] } }`,
    (reference: string) => `routes: [{ name: a, upstream: "${reference}" }]`,
    (reference: string) => `routes: [{ name: "${reference}" }, { name: "${reference}" }]`,
    (reference: string) => `upstreams: { a: { endpoints: [{ url: "http://u:${reference}@x" }] } }`,
  );
  fc.assert(
    fc.property(places, fc.stringMatching(/^[a-z0-9!/@: ]{8,20}$/), (place, secret) => {
      for (const problem of problemsOf(place('${KEY}'), { KEY: `~${secret}` })) {
        assert.ok(!problem.includes(`~${secret}`), problem);
      }
    }),
  );
});
