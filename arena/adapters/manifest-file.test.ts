import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';

import { formatProblem } from '../../src/config/problem.ts';
import { loadTargets, readCatalog, targetOf } from './catalog.ts';
import { manifestJsonSchema } from './manifest.ts';
import { readManifest } from './manifest-file.ts';
import { PROJECT } from './project.ts';

const WHY = `cannot:
  { key: no, full: no, jwt: no, opa: no, routes: no, churn: no, sse: no, websocket: no, slow-clients: no, reload: no, upstream-kill: no }
`;
const COMMAND = `command: { names: [peer], get: x, version: { args: [-v], pattern: '(.*)' }, args: [] }
`;
const SOUND = `title: Peer
kind: process
tiers: { pass: { a.conf: a.conf.eta } }
${COMMAND}${WHY}`;

function problemsOf(text: string): string[] {
  const read = readManifest(text, 'target.yaml');
  return read.ok ? [] : read.problems.map(formatProblem);
}

describe('a manifest', () => {
  it('that is right is read, with its defaults', () => {
    const read = readManifest(SOUND, 'target.yaml');
    assert.ok(read.ok, problemsOf(SOUND).join('\n'));
    assert.deepEqual(read.manifest.ready, { path: '/', timeoutMs: 15_000 });
    assert.deepEqual(read.manifest.scenarios, []);
  });

  it('takes an image that is pinned by its digest', () => {
    const image = `ghcr.io/peer/peer:v1.2.3@sha256:${'a'.repeat(64)}`;
    const text = `${SOUND.replace('process', 'container')}container: { image: "${image}" }\n`;
    assert.deepEqual(problemsOf(text), []);
  });

  // biome-ignore format: a table is read by column.
  const cases = [
    { text: SOUND.replace('title', 'titel'), says: 'target.yaml:1:1: titel: unknown key "titel" (did you mean "title"?)' },
    { text: SOUND.replace('kind: process', 'kind: proces'), says: 'target.yaml:2:7: kind: expected "process", "container" or "url" (did you mean "process"?)' },
    { text: SOUND.replace('pass:', 'pas:'), says: 'target.yaml:3:10: tiers.pas: unknown key "pas" (did you mean "pass"?)' },
    { text: SOUND.replace('a.conf.eta', 'a.conf'), says: 'target.yaml:3:26: tiers.pass["a.conf"]: not a template: a file that ends in .eta' },
    { text: SOUND.replace('a.conf:', '../a.conf:'), says: 'not a file name: letters, digits, ".", "_" and "-" only' },
    { text: SOUND.replace("'(.*)'", "'.*'"), says: 'target.yaml:4:67: command.version.pattern: a group is needed, (…), which takes the version' },
    { text: SOUND.replace("'(.*)'", "'(.*'"), says: 'command.version.pattern: not a regular expression' },
    { text: SOUND.replace('process', 'container'), says: 'target.yaml:2:7: kind: kind "container" needs "container"' },
    { text: SOUND.replace('process', 'url'), says: 'target.yaml:4:1: command: "command" does not go with kind "url"' },
    { text: SOUND.replace('names: [peer], ', ''), says: 'command: exactly one of names and install is needed' },
    { text: SOUND.replace(' key: no,', ''), says: 'target.yaml:5:1: cannot: neither done nor explained: key; say in "cannot" why' },
    { text: SOUND.replace('{ key: no', '{ pass: no, key: no'), says: 'cannot.pass: "pass" is among what it does' },
    { text: 'title: [', says: 'target.yaml:1:' },
    { text: `${SOUND}container: { image: nginx }\n`, says: 'container.image: not a whole name of an image: registry/name:tag, and @sha256:… to pin it' },
    { text: `${SOUND}reload: { signal: SIGKILL }\n`, says: 'reload' },
  ];
  for (const { text, says } of cases) {
    it(`is refused with its place: ${says}`, () => {
      const problems = problemsOf(text);
      assert.ok(
        problems.some((problem) => problem.includes(says)),
        problems.join('\n'),
      );
    });
  }

  it('of any text is a manifest or problems with places', () => {
    const mutation = fc
      .tuple(fc.nat(SOUND.length), fc.nat(30), fc.constantFrom('', '{', '[', '- ', ': ', '"', '\n'))
      .map(([start, length, piece]) => SOUND.slice(0, start) + piece + SOUND.slice(start + length));
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutation), (text) => {
        const read = readManifest(text, 'target.yaml');
        if (read.ok) return;
        assert.ok(read.problems.length > 0);
        for (const { line, column } of read.problems) assert.ok(line >= 1 && column >= 1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a catalogue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arena-catalog-'));
  after(() => rmSync(folder, { recursive: true }));

  it('has a target for each folder whose manifest is right, and says what is wrong with the others', () => {
    for (const [name, text] of [
      ['b', SOUND],
      ['a', SOUND],
      ['wrong', 'title: 5'],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'target.yaml'), text);
    }
    mkdirSync(join(folder, 'empty'));
    mkdirSync(join(folder, 'No Name'));
    const { descriptions, problems } = readCatalog(folder);
    assert.deepEqual(
      descriptions.map(({ name }) => name),
      ['a', 'b'],
    );
    const said = problems.map(formatProblem).join('\n');
    assert.match(said, /empty\/target\.yaml:1:1: there is no manifest in this folder/);
    assert.match(said, /"No Name" is no name of a target/);
    assert.match(said, /wrong\/target\.yaml:1:8: title: expected text, found a number/);
    assert.throws(() => loadTargets(folder), /no manifest in this folder/);
  });

  it('runs what is installed here instead of its image', () => {
    const container = 'container: { image: "docker.io/library/peer:1" }\n';
    for (const [name, adapter] of [
      ['node', 'process'],
      ['no-such-peer', 'container'],
    ] as const) {
      const text = SOUND.replace('[peer]', `[${name}]`).replace('process', 'container') + container;
      const read = readManifest(text, 'target.yaml');
      assert.ok(read.ok);
      assert.equal(targetOf({ name: 'peer', manifest: read.manifest, here: '/' }).adapter, adapter);
    }
  });

  it('of those that are shipped gives targets', () => {
    const kinds = Object.fromEntries(loadTargets().map(({ name, adapter }) => [name, adapter]));
    assert.equal(kinds['nginx'], 'process');
    assert.equal(kinds['direct'], 'url');
  });
});

describe('schema/arena-target.json', () => {
  it('is up to date (UPDATE=1 writes it)', () => {
    const file = join(PROJECT, 'schema/arena-target.json');
    const text = `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`;
    if (process.env['UPDATE'] === '1') writeFileSync(file, text);
    assert.equal(readFileSync(file, 'utf8'), text);
  });
});
