/** What a recording means, and how it is told. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assess } from './assessment.ts';
import { documentText } from './judge.ts';
import { COUNTED, madeUpRun, recordingOf } from './recording.fixture.ts';
import { reportText } from './table.ts';

const ROUNDS = 16;
const even = (seed: number) => madeUpRun({ seed, rounds: ROUNDS });
const slower = (seed: number) => madeUpRun({ seed, rounds: ROUNDS, factor: 1.2 });

describe('an assessment', () => {
  it('passes what is the same', () => {
    const { outcome, exitCode, improvement } = assess(recordingOf([even(1)], COUNTED));
    assert.deepEqual(
      { outcome, exitCode, improvement },
      { outcome: 'pass', exitCode: 0, improvement: false },
    );
  });

  it('is red when both runs call the same cells a regression', () => {
    const { outcome, exitCode, reproduction } = assess(recordingOf([slower(1), slower(2)]));
    assert.deepEqual([outcome, exitCode], ['regress', 1]);
    assert.equal(reproduction?.outcome, 'regress');
  });

  it('is not red for a regression that the second run does not see', () => {
    const { outcome, exitCode } = assess(recordingOf([slower(1), even(2)]));
    assert.deepEqual([outcome, exitCode], ['inconclusive', 75]);
  });

  it('is not red for a regression that was never measured again', () => {
    const { outcome, reasons } = assess(recordingOf([slower(1)]));
    assert.equal(outcome, 'inconclusive');
    assert.match(reasons.join(), /not measured again/);
  });

  it('calls a run void when others were busy in the middle of it, however slow head looks', () => {
    const busy = madeUpRun({ seed: 1, rounds: ROUNDS, factor: 1.3, foreignCores: 0.8 });
    const { outcome, exitCode } = assess(recordingOf([busy]));
    assert.deepEqual([outcome, exitCode], ['void', 78]);
  });

  it('calls a run void in which head answers something else', () => {
    const broken = madeUpRun({ seed: 1, rounds: ROUNDS, factor: 0.5, unexpectedOfHead: 3 });
    const { outcome, reasons, advice } = assess(recordingOf([broken]));
    assert.equal(outcome, 'void');
    assert.match(reasons.join(), /head gave 48 unexpected answers/);
    assert.match(advice, /it is broken, not slow/);
  });

  it('tells an improvement', () => {
    const better = madeUpRun({ seed: 1, rounds: ROUNDS, factor: 0.8 });
    const recording = recordingOf([better]);
    const assessment = assess(recording);
    assert.deepEqual([assessment.outcome, assessment.improvement], ['pass', true]);
    assert.match(reportText(recording, assessment), /^pass, and better \(exit code 0\)$/m);
  });

  it('leaves it open when there are too few rounds to tell', () => {
    const { outcome, exitCode } = assess(
      recordingOf([madeUpRun({ seed: 1, rounds: 2, factor: 1.5 })]),
    );
    assert.deepEqual([outcome, exitCode], ['inconclusive', 75]);
  });

  it('is red for a budget that is exceeded, also where the timing passes or is void', () => {
    const spent = { ...COUNTED, scripted: { counts: { 'uws.crossings': 10_001 }, skipped: [] } };
    const busy = madeUpRun({ seed: 1, rounds: ROUNDS, foreignCores: 0.8 });
    for (const runs of [[even(1)], [busy], []]) {
      const { outcome, reasons } = assess(recordingOf(runs, spent));
      assert.equal(outcome, 'regress');
      assert.match(
        reasons.join(),
        /uws\.crossings: 10001 for 10 000 requests, the budget is 10000/,
      );
    }
  });

  it('is red for instructions that grew by more than may be', () => {
    const head = {
      instructions: { decide: 10_300, 'request-head': 4000 },
      program: 'head' as const,
    };
    const grown = { ...COUNTED, instructions: { ...COUNTED.instructions, head } };
    const { outcome, reasons } = assess(recordingOf([even(1)], grown));
    assert.equal(outcome, 'regress');
    assert.match(reasons.join(), /instructions of decide: \+3\.00 %, at most \+2\.00 % may be/);
  });
});

describe('what is told', () => {
  const recording = recordingOf([slower(1), slower(2)], COUNTED);

  it('is the same byte for byte, also from what was written', () => {
    const document = documentText(recording, assess(recording));
    const again = (JSON.parse(document) as { recording: typeof recording }).recording;
    assert.equal(documentText(again, assess(again)), document);
    assert.equal(reportText(again, assess(again)), reportText(recording, assess(recording)));
  });

  it('is one table of both layers and both runs, then the verdict, its reasons and what to do', () => {
    const lines = reportText(recording, assess(recording)).split('\n');
    assert.equal(lines[0], 'gate: base main (aaaaaaaaaaaa), head worktree (bbbbbbbbbbbb)');
    assert.match(
      lines[3] ?? '',
      /^measured +base +head +change +between +may be +base again +n +verdict$/,
    );
    const measured = lines.slice(5, 5 + 10).map((line) => line.split('  ')[0]);
    assert.deepEqual(measured, [
      'instructions, decide',
      'instructions, request-head',
      'instructions, geometric mean',
      'uws.crossings of 10 000 requests',
      'full, CPU µs a request',
      'full, p50 µs',
      'full, p99 µs',
      'full, CPU µs a request, again',
      'full, p50 µs, again',
      'full, p99 µs, again',
    ]);
    const verdict = lines.indexOf('regress (exit code 1)');
    assert.ok(verdict > 0);
    assert.match(lines[verdict + 1] ?? '', /^ {2}cpuUsPerRequest of full is \+\d/);
    assert.match(lines.at(-2) ?? '', /^ {2}Find it: /);
  });
});
