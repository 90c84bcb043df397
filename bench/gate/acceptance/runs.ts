/**
 * The acceptance's runs: the gate as a child process, as everybody runs it, with something put in
 * its way.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Assessment, Recording } from '../assessment.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { internalFailure } from '../failure.ts';
import { PROJECT } from '../place.ts';
import { type Kind, KIND_PLANS } from './kinds.ts';
import type { CalibrationLine, RunLine } from './record.ts';

const GATE = join(PROJECT, 'dist/bench/gate/main.js');
/** As many as raise the cost of a request by a quarter or so: far more than the noise. */
const CALIBRATION_SPIN = 8000;
const CALIBRATION_ROUNDS = 16;

export interface AcceptancePlan {
  readonly commit: string;
  readonly scenarios: string;
  readonly roundsMax: number;
}

interface Document {
  readonly recording: Recording;
  readonly assessment: Assessment;
}

/** Runs the gate's second layer to its end. Rejects when it gives no verdict. */
function runGate(commit: string, flags: readonly string[]): Promise<Document> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-acceptance-'));
  const json = join(folder, 'gate.json');
  const sides = ['--base', commit, '--head', commit, '--layer', '2', '--json', json];
  return new Promise<Document>((resolve, reject) => {
    const child = spawn(process.execPath, [GATE, ...sides, ...flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const verdicts: readonly (number | null)[] = [
        EXIT_CODES.pass,
        EXIT_CODES.regress,
        EXIT_CODES.inconclusive,
        EXIT_CODES.void,
      ];
      if (verdicts.includes(code)) resolve(JSON.parse(readFileSync(json, 'utf8')) as Document);
      else reject(internalFailure(`the gate ended with ${code}: see above`));
    });
  }).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** Measures how much one repetition of the busy work costs. Rejects on a machine that is busy. */
export async function calibrate(
  commit: string,
  rounds = CALIBRATION_ROUNDS,
): Promise<CalibrationLine> {
  const { recording, assessment } = await runGate(commit, [
    '--scenarios',
    'full',
    '--rounds-max',
    `${rounds}`,
    '--inject',
    `head=${CALIBRATION_SPIN}`,
  ]);
  const cells = assessment.verdicts[0]?.cells ?? [];
  const cpu = cells.find(({ metric }) => metric === 'cpuUsPerRequest');
  if (cpu === undefined || !(cpu.estimate > 0)) {
    throw internalFailure(
      `the busy work can't be calibrated: ${assessment.reasons.join('; ')}. Run it when nothing else does.`,
    );
  }
  const { at, machine } = recording;
  const shareOfOne = cpu.estimate / CALIBRATION_SPIN;
  return { kind: 'calibration', at, commit, fingerprint: machine.fingerprint, shareOfOne };
}

/** Repetitions on each side that make head differ from base by `effect`. */
export function spinOf(effect: number, shareOfOne: number): { base: number; head: number } {
  if (effect >= 0) return { base: 0, head: Math.round(effect / shareOfOne) };
  // Head is base without the busy work: 10 % less of what base then costs.
  return { base: Math.round((1 / (1 + effect) - 1) / shareOfOne), head: 0 };
}

/** One run of a kind. */
export async function acceptanceRun(
  kind: Kind,
  { commit, scenarios, roundsMax }: AcceptancePlan,
  { shareOfOne }: Pick<CalibrationLine, 'shareOfOne'>,
): Promise<RunLine> {
  const spin = spinOf(KIND_PLANS[kind].effect, shareOfOne);
  const injected = Object.entries(spin).flatMap(([side, count]) =>
    count === 0 ? [] : ['--inject', `${side}=${count}`],
  );
  const begin = performance.now();
  const { recording, assessment } = await runGate(commit, [
    '--scenarios',
    scenarios,
    '--rounds-max',
    `${roundsMax}`,
    ...(kind === 'hog' ? ['--inject', 'hog'] : injected),
  ]);
  const [first] = assessment.verdicts;
  return {
    kind,
    at: recording.at,
    commit,
    fingerprint: recording.machine.fingerprint,
    seed: recording.seed,
    seconds: Math.round((performance.now() - begin) / 1000),
    spin,
    outcome: assessment.outcome,
    improvement: assessment.improvement,
    firstOutcome: first?.outcome ?? 'void',
    rounds: assessment.verdicts.reduce((sum, { rounds }) => sum + rounds, 0),
    reasons: [...assessment.reasons],
    estimates: Object.fromEntries(
      (first?.cells ?? [])
        .filter(({ estimate }) => Number.isFinite(estimate))
        .map(({ scenario, metric, estimate }) => [`${scenario} ${metric}`, estimate]),
    ),
  };
}
