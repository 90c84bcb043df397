/**
 * Runs the gate against changes of known size, as often as asked, and writes what came of it. Goes
 * on where an earlier call was ended: runs that are in the file are not made again.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { commitOf } from '../builds/git.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { isGateFailure, usageFailure } from '../failure.ts';
import { PROJECT } from '../place.ts';
import { KIND_PLANS, type Kind, KINDS } from './kinds.ts';
import { acceptancePage } from './page.ts';
import {
  type AcceptanceLine,
  appendAcceptance,
  type CalibrationLine,
  isRun,
  readAcceptance,
} from './record.ts';
import { acceptanceRun, calibrate } from './runs.ts';

const HELP = `--runs N         of each kind (30, 20, 20, 5 and 5)
--kinds A,B      of ${KINDS.join(', ')} (all)
--commit REF     what is taken as base (HEAD)
--scenarios A,B  as the gate's (full,full-native,churn)
--rounds-max N   as the gate's (48)
--file FILE      where runs are kept (bench/gate/acceptance/runs.jsonl)
--page FILE      what is written from it (bench/gate/ACCEPTANCE.md)
--page-only      write the page and run nothing
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    kinds: { type: 'string', default: KINDS.join(',') },
    commit: { type: 'string', default: 'HEAD' },
    scenarios: { type: 'string', default: 'full,full-native,churn' },
    'rounds-max': { type: 'string', default: '48' },
    file: { type: 'string', default: join(PROJECT, 'bench/gate/acceptance/runs.jsonl') },
    page: { type: 'string', default: join(PROJECT, 'bench/gate/ACCEPTANCE.md') },
    'page-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function wholeAboveZero(text: string, flag: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw usageFailure(`--${flag}: a whole number above 0 is needed, not "${text}"`);
}

function kindsOf(text: string): Kind[] {
  const named = text.split(',');
  const unknown = named.find((name) => !KINDS.some((kind) => kind === name));
  if (unknown !== undefined) {
    throw usageFailure(`--kinds: "${unknown}" is none of ${KINDS.join(', ')}`);
  }
  return KINDS.filter((kind) => named.includes(kind));
}

/** The latest of this commit; a new one where there is none. */
async function calibration(file: string, commit: string, rounds: number): Promise<CalibrationLine> {
  const known = readAcceptance(file).findLast(
    (line: AcceptanceLine) => line.kind === 'calibration' && line.commit === commit,
  );
  if (known?.kind === 'calibration') return known;
  process.stderr.write('acceptance: calibrating the busy work\n');
  const made = await calibrate(commit, rounds);
  appendAcceptance(file, made);
  return made;
}

async function runAll(): Promise<void> {
  const { file, scenarios } = values;
  const commit = commitOf(PROJECT, values.commit);
  const roundsMax = wholeAboveZero(values['rounds-max'], 'rounds-max');
  const plan = { commit, scenarios, roundsMax };
  const kinds = kindsOf(values.kinds);
  const calibrated = await calibration(file, commit, Math.min(16, roundsMax));
  for (const kind of kinds) {
    const wanted =
      values.runs === undefined ? KIND_PLANS[kind].runs : wholeAboveZero(values.runs, 'runs');
    const had = (): number =>
      readAcceptance(file).filter((line) => isRun(line) && line.kind === kind).length;
    while (had() < wanted) {
      process.stderr.write(
        `acceptance: ${KIND_PLANS[kind].title}, run ${had() + 1} of ${wanted}\n`,
      );
      const line = await acceptanceRun(kind, plan, calibrated);
      appendAcceptance(file, line);
      process.stderr.write(`acceptance: ${line.outcome}: ${line.reasons.join('; ')}\n`);
    }
  }
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (!values['page-only']) await runAll();
  writeFileSync(values.page, acceptancePage(readAcceptance(values.file)));
  process.stdout.write(`${values.page}\n`);
}

try {
  await main();
} catch (error) {
  if (!isGateFailure(error)) throw error;
  process.stderr.write(`acceptance: ${error.message}\n`);
  process.exitCode = EXIT_CODES[error.kind];
}
