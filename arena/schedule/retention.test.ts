import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';

import { deleteOldRuns } from './retention.ts';
import { runRecord, writeRun } from './run-record.fixture.ts';

const NOW = new Date('2026-11-21T20:30:00Z');
const OLD = '2026-01-01T00:00:00Z';

describe('retention', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-retention-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (name: string, at: string): string => writeRun(folder, name, runRecord(name, at));
  const left = (): string[] => readdirSync(join(folder, 'runs')).toSorted();
  const expire = (): Promise<string[]> => deleteOldRuns(folder, 90, NOW);

  it('deletes runs that began longer ago, with all that is in them', async () => {
    writeFileSync(join(run('old', OLD), 'report.html'), 'page');
    mkdirSync(join(folder, 'runs/old/configs/nginx'), { recursive: true });
    run('recent', '2026-08-24T00:00:00Z');
    assert.deepEqual(await expire(), ['old']);
    assert.deepEqual(left(), ['recent']);
  });

  it('goes by what the results say, not by names and times of files', async () => {
    run('20260101t000000.000z', '2026-11-21T00:00:00Z');
    run('20261121t000000.000z', OLD);
    assert.deepEqual(await expire(), ['20261121t000000.000z']);
  });

  it('keeps the newest run, however old it is', async () => {
    run('older', '2025-01-01T00:00:00Z');
    run('old', OLD);
    assert.deepEqual(await expire(), ['older']);
    assert.deepEqual(left(), ['old']);
  });

  it('does nothing where no run has been made', async () => {
    assert.deepEqual(await expire(), []);
  });

  it('never deletes what is not a run', async () => {
    const runs = join(folder, 'runs');
    run('recent', '2026-11-21T00:00:00Z');
    mkdirSync(join(runs, 'empty'));
    mkdirSync(join(runs, 'notes'));
    writeFileSync(join(runs, 'notes/notes.txt'), 'keep');
    writeFileSync(join(runs, 'file'), JSON.stringify(runRecord('file', OLD)));
    run('UPPER', OLD);
    run('.hidden', OLD);
    writeRun(folder, 'no-run-record', { kind: 'end', at: OLD, complete: true, why: '' });
    writeRun(folder, 'later-run-record', { kind: 'end' }, runRecord('later-run-record', OLD));
    mkdirSync(join(runs, 'results-is-a-folder/results.jsonl'), { recursive: true });
    const elsewhere = join(folder, 'elsewhere');
    writeRun(elsewhere, 'old', runRecord('old', OLD));
    symlinkSync(join(elsewhere, 'runs/old'), join(runs, 'link-to-a-run'));
    mkdirSync(join(runs, 'link-inside'));
    symlinkSync(join(elsewhere, 'runs/old/results.jsonl'), join(runs, 'link-inside/results.jsonl'));
    const before = left();
    assert.deepEqual(await expire(), []);
    assert.deepEqual(left(), before);
    assert.deepEqual(readdirSync(join(elsewhere, 'runs/old')), ['results.jsonl']);
  });

  it('never follows a link out of a run that it deletes', async () => {
    run('recent', '2026-11-21T00:00:00Z');
    mkdirSync(join(folder, 'precious'));
    writeFileSync(join(folder, 'precious/file'), 'keep');
    symlinkSync(join(folder, 'precious'), join(run('old', OLD), 'link'));
    assert.deepEqual(await expire(), ['old']);
    assert.deepEqual(readdirSync(join(folder, 'precious')), ['file']);
  });

  it('never deletes a folder whose results begin with anything else', async () => {
    run('recent', '2026-11-21T00:00:00Z');
    const record = runRecord('foreign', OLD);
    const keys = Object.keys(record) as (keyof typeof record)[];
    const damaged = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constantFrom(...keys).map((key) => JSON.stringify({ ...record, [key]: undefined })),
      fc.integer({ min: 0, max: 200 }).map((length) => JSON.stringify(record).slice(0, length)),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (line) => {
        const foreign = writeRun(folder, 'foreign');
        writeFileSync(join(foreign, 'results.jsonl'), `${line}\n`);
        assert.deepEqual(await expire(), []);
        assert.deepEqual(readdirSync(foreign), ['results.jsonl']);
      }),
      { numRuns: 150 },
    );
  });
});
