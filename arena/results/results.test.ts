import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';

import { formatProblem } from '../../src/config/problem.ts';
import { fingerprintOf } from '../run/machine.ts';
import { type ReadResults, parseResults, readResults } from './read.ts';
import type { EndRecord, ResultRecord, RunRecord, TargetRecord } from './records.ts';
import { ResultsWriter } from './write.ts';

const AT = '2026-11-21T20:30:00.000Z';
const MACHINE = {
  cpu: 'a processor',
  cores: 2,
  memoryBytes: 1 << 30,
  os: 'Debian',
  kernel: '6.1',
  node: 'v20.0.0',
  virtualization: null,
};
const RUN: RunRecord = {
  kind: 'run',
  version: 1,
  id: 'a-run',
  at: AT,
  command: ['stoa-arena', 'run'],
  plan: { name: 'quick', sha256: 'a'.repeat(64), text: 'version: 1\n' },
  seed: 1,
  source: { commit: 'unknown', dirty: true },
  machine: { ...MACHINE, fingerprint: fingerprintOf(MACHINE) },
  driver: { name: 'native', version: '1' },
  cores: { target: '0', load: '1' },
  loadAverage: 0.5,
};
const TARGET: TargetRecord = {
  kind: 'target',
  target: 'nginx',
  title: 'nginx',
  adapter: 'process',
  status: 'unavailable',
  why: 'not here',
  version: '',
  capabilities: [],
};
const END: EndRecord = { kind: 'end', at: AT, complete: true, why: '' };

const folder = mkdtempSync(join(tmpdir(), 'stoa-results-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function written(records: readonly ResultRecord[]): string {
  files += 1;
  const writer = new ResultsWriter(join(folder, `${files}`));
  for (const record of records) writer.write(record);
  writer.close();
  return writer.file;
}

function recordsOf(read: ReadResults): readonly ResultRecord[] {
  assert.ok(read.ok, JSON.stringify(read));
  return read.results.records;
}

function problemsOf(read: ReadResults): string[] {
  return read.ok ? [] : read.problems.map(formatProblem);
}

describe('results', () => {
  it('are read as they were written', () => {
    const records = [RUN, TARGET, END];
    assert.deepEqual(recordsOf(readResults(written(records))), records);
  });

  it('are there as soon as they are written, before the file is closed', () => {
    const writer = new ResultsWriter(join(folder, 'open'));
    writer.write(RUN);
    assert.deepEqual(recordsOf(readResults(writer.file)), [RUN]);
    writer.close();
  });

  it('lose the last record only, wherever a crash cuts it off', () => {
    const file = written([RUN, TARGET, { ...TARGET, why: 'nicht da: übrig' }]);
    const whole = readFileSync(file);
    const keptBytes = Buffer.byteLength(`${JSON.stringify(RUN)}\n${JSON.stringify(TARGET)}\n`);
    fc.assert(
      fc.property(fc.integer({ min: keptBytes + 1, max: whole.length - 1 }), (bytes) => {
        writeFileSync(file, whole);
        truncateSync(file, bytes);
        const read = readResults(file);
        assert.deepEqual(recordsOf(read), [RUN, TARGET]);
        assert.equal(read.ok && read.results.cut, true);
      }),
      { numRuns: 30 },
    );
  });

  it('are never written over', () => {
    const file = written([RUN]);
    assert.throws(() => new ResultsWriter(join(file, '..')), /EEXIST/);
  });

  it('are refused by the writer when a reader would refuse them', () => {
    const writer = new ResultsWriter(join(folder, 'refused'));
    assert.throws(() => writer.write({ ...TARGET, target: 'No Name' }));
    assert.equal(readFileSync(writer.file, 'utf8'), '');
    writer.close();
  });
});

const line = (record: object): string => `${JSON.stringify(record)}\n`;

describe('a file of results', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { text: '', told: /^r.jsonl:1:1: the first line is no record of kind "run"$/ },
    { text: line(TARGET), told: /^r.jsonl:1:1: the first line is no record of kind "run"$/ },
    { text: `${line(RUN)}nonsense\n${line(END)}`, told: /^r.jsonl:2:1: not JSON$/ },
    { text: `${line(RUN)}${line({ ...TARGET, status: 'gone' })}`,
      told: /^r.jsonl:2:1: status: expected "ready" or "unavailable"$/ },
    { text: `${line(RUN)}${line({ ...RUN })}`, told: /^r.jsonl:2:1: a record of kind "run" does not belong here$/ },
    { text: `${line(RUN)}${line(END)}${line(TARGET)}`, told: /^r.jsonl:2:1: a record of kind "end" does not belong here$/ },
    { text: line({ ...RUN, version: 2 }), told: /^r.jsonl:1:1: version: expected 1/ },
  ];
  for (const { text, told } of cases) {
    it(`is refused, with its line: ${told.source}`, () => {
      assert.match(problemsOf(parseResults(text, 'r.jsonl'))[0] ?? '', told);
    });
  }

  it('is never the reason for an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseResults(`${line(RUN)}${text}`, 'r.jsonl');
      }),
    );
    assert.match(problemsOf(readResults('/nowhere/r.jsonl'))[0] ?? '', /cannot be read/);
  });

  it('may be told of by a few problems, however many there are', () => {
    const file = written([RUN]);
    appendFileSync(file, 'x\n'.repeat(1000));
    assert.equal(problemsOf(readResults(file)).length, 20);
  });
});

describe('a machine', () => {
  it('has another fingerprint when anything about it differs', () => {
    const others = [
      { ...MACHINE, cores: 4 },
      { ...MACHINE, kernel: '6.2' },
      { ...MACHINE, virtualization: 'kvm' },
    ].map(fingerprintOf);
    assert.equal(new Set([...others, fingerprintOf(MACHINE)]).size, 4);
    assert.equal(fingerprintOf({ ...MACHINE }), fingerprintOf(MACHINE));
  });
});
