/** The history of the main branch. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { seeded } from '../../../arena/statistics/random.ts';
import { assess } from '../assessment.ts';
import { COUNTED, madeUpRun, recordingOf } from '../recording.fixture.ts';
import { appendHistory, entriesOf, type HistoryEntry } from './entries.ts';
import { changesOf, historyText, readHistory } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-history-'));
after(() => rmSync(folder, { recursive: true }));

const COMMITS = 60;
const CHANGED_AT = 40;

/** One number a commit, one percent more or less, and what nginx cost. */
function series(valueAt: (commit: number) => number, canaryAt?: (commit: number) => number) {
  const random = seeded(5);
  return Array.from(
    { length: COMMITS },
    (_, commit): HistoryEntry => ({
      at: '2026-11-21T12:00:00.000Z',
      commit: `c${commit}`,
      metric: 'full.cpuUsPerRequest',
      value: valueAt(commit) * (0.995 + 0.01 * random()),
      fingerprint: 'f'.repeat(64),
      seed: 1,
      canaryUs: canaryAt === undefined ? null : canaryAt(commit),
    }),
  );
}

const stepped = (commit: number): number => (commit < CHANGED_AT ? 15 : 16);

describe('the history', () => {
  it('is written and read a line for each number of head, counted and timed', () => {
    const file = join(folder, 'history.jsonl');
    for (const canaryUs of [14.5, null]) {
      const recording = {
        ...recordingOf([madeUpRun({ seed: 1, rounds: 16 })], COUNTED),
        canaryUs,
      };
      appendHistory(file, entriesOf(recording, assess(recording)));
    }
    const entries = readHistory(file);
    assert.equal(entries.length, 12);
    assert.deepEqual(
      entries.slice(0, 6).map(({ metric, canaryUs }) => [metric, canaryUs]),
      [
        ['full.cpuUsPerRequest', 14.5],
        ['full.p50', 14.5],
        ['full.p99', 14.5],
        ['instructions.decide', null],
        ['instructions.request-head', null],
        ['uws.crossings', null],
      ],
    );
  });

  it('has no numbers of a void run', () => {
    const busy = recordingOf([madeUpRun({ seed: 1, rounds: 16, foreignCores: 0.9 })]);
    assert.deepEqual(entriesOf(busy, assess(busy)), []);
  });

  it('tells between which commits a number changed', () => {
    const entries = series(stepped);
    const [change, ...others] = changesOf(entries);
    assert.deepEqual(others, []);
    assert.deepEqual([change?.from, change?.to], ['c39', 'c40']);
    assert.match(
      historyText(entries),
      /1 changes were found\n.*\n.*\nfull\.cpuUsPerRequest +\+6\.\d % .* c39\.\.c40 /,
    );
  });

  it('is quiet about what the machine did to nginx as well', () => {
    assert.deepEqual(changesOf(series(stepped, stepped)), []);
  });

  it('does not mix machines', () => {
    const here = series(() => 15);
    const there = series(() => 18).map((entry) => ({ ...entry, fingerprint: 'e'.repeat(64) }));
    assert.deepEqual(changesOf([...here, ...there]), []);
    assert.match(historyText([...here, ...there]), /in 2 series: no change was found/);
  });
});
