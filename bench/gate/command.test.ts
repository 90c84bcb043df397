/** How the gate ends, and what it prints from a recording. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import type { Terminal } from '../../src/cli/terminal.ts';
import { assess } from './assessment.ts';
import { gateCommand } from './command.ts';
import { documentText } from './judge.ts';
import { COUNTED, madeUpRun, recordingOf } from './recording.fixture.ts';
import { reportText } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-test-'));
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

async function gate(...words: string[]): Promise<Ended> {
  let [out, err] = ['', ''];
  let code: number | undefined;
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    paint: (_, text) => text,
    readInput: () => Promise.resolve(''),
  };
  const command = gateCommand(terminal, (told) => {
    code = told;
  });
  await command.parseAsync(words, { from: 'user' });
  return { code, out, err };
}

const ROUNDS = 16;
const even = madeUpRun({ seed: 1, rounds: ROUNDS });
const slower = [1, 2].map((seed) => madeUpRun({ seed, rounds: ROUNDS, factor: 1.2 }));
const busy = madeUpRun({ seed: 1, rounds: ROUNDS, foreignCores: 0.9 });
const short = madeUpRun({ seed: 1, rounds: 2 });

describe('gate show', () => {
  for (const { name, runs, code } of [
    { name: 'pass', runs: [even], code: 0 },
    { name: 'regress', runs: slower, code: 1 },
    { name: 'inconclusive', runs: [short], code: 75 },
    { name: 'void', runs: [busy], code: 78 },
  ]) {
    it(`decides a recording again: ${name} ends with ${code}`, async () => {
      const recording = recordingOf(runs, COUNTED);
      const file = join(folder, `${name}.json`);
      writeFileSync(file, documentText(recording, assess(recording)));
      const ended = await gate('show', file);
      assert.equal(ended.code, code);
      assert.equal(ended.out, reportText(recording, assess(recording)));
    });
  }

  it('ends with 70 for a file that is no recording', async () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, '{}');
    const ended = await gate('show', file);
    assert.equal(ended.code, 70);
    assert.match(ended.err, /other\.json was not written by --json of this version of the gate/);
  });
});

describe('gate', () => {
  it('ends with 2 without a base, and says how to name one', async () => {
    const ended = await gate();
    assert.equal(ended.code, 2);
    assert.match(ended.err, /--base REF/);
  });

  it('ends with 2 for a base that does not exist', async () => {
    const ended = await gate('--base', 'no-such-ref', '--layer', '1');
    assert.equal(ended.code, 2);
    assert.match(ended.err, /"no-such-ref" is no commit here/);
  });
});
