/** `run`: measures a plan and prints the tables. @module */

import { join } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { estimatePlan } from '../run/estimate.ts';
import type { Plan } from '../plan/schema.ts';
import { readResults } from '../results/read.ts';
import type { EndRecord } from '../results/records.ts';
import { ResultsWriter } from '../results/write.ts';
import { withEquipment } from '../run/equipment.ts';
import { newSeed } from '../run/order.ts';
import { pinSelf } from '../run/pin.ts';
import { makeProgress, type Progress } from '../run/progress.ts';
import { type Candidate, examineAll, playRun } from '../run/run.ts';
import { shieldCores, shieldNote } from '../run/shield.ts';
import { INTERRUPTED_EXIT_CODE, withInterrupts } from './interrupts.ts';
import {
  fileOption,
  onlyOption,
  type PlanOptions,
  readPlan,
  targetsOf,
  targetsOption,
} from './plan-file.ts';
import { countedIn } from './plan.ts';

interface RunOptions extends PlanOptions {
  readonly output: string;
  readonly id?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly json: boolean;
}

const ROUNDS_MAX = 1000;
const SEED_MAX = 2 ** 32 - 1;
const WIDTH_DEFAULT = 120;
const EXAMPLES = `
Examples:
  $ stoa-arena run
  $ stoa-arena run -f arena/plans/full.yaml -o /var/lib/arena --rounds 20
  $ stoa-arena run --only stoa nginx --seed 7

Results are written to FOLDER/ID/results.jsonl, a line as soon as it is measured. Ctrl-C leaves what
was measured; twice stops at once. Leave the machine alone meanwhile: what else runs is in the
numbers. The exit code is 0 for a complete run, 1 for one that failed, 130 for one interrupted.`;

export function runCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('run')
    .description('measure a plan, and print the tables')
    .addOption(fileOption())
    .addOption(
      new Option('-o, --output <folder>', 'where the folder of the run is made').default(
        'arena/runs',
      ),
    )
    .addOption(onlyOption())
    .addOption(targetsOption())
    .option('--id <id>', 'name of the run and its folder, instead of its time and plan', toId)
    .option('--rounds <count>', 'rounds, instead of what the plan says', whole(1, ROUNDS_MAX))
    .option('--seed <number>', 'of order and arrivals, to repeat a run', whole(0, SEED_MAX))
    .option('--json', 'print where the results are, as JSON, instead of the tables', false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: RunOptions) => {
      const loaded = readPlan(options.file, terminal);
      exit(loaded === null ? 1 : await measure(loaded, options, terminal));
    });
}

async function measure(
  { value, text }: { readonly value: Plan; readonly text: string },
  options: RunOptions,
  terminal: Terminal,
): Promise<number> {
  const plan = { ...value, rounds: options.rounds ?? value.rounds };
  const targets = targetsOf(plan, options);
  const seed = options.seed ?? plan.seed ?? newSeed();
  const id = options.id ?? runId(plan.name, new Date());
  const told = (): void => terminal.err('\nstopping; Ctrl-C once more to stop at once\n');
  const { end, file } = await withInterrupts(told, async (signal) => {
    pinSelf(plan.cores.load);
    const candidates = await examineAll(plan, targets);
    const progress = progressOf(plan, candidates, terminal);
    const writer = new ResultsWriter(join(options.output, id));
    const { file: path } = writer;
    const shield = shieldCores(plan.cores.target);
    try {
      progress.note(shieldNote(shield));
      const write = writer.write.bind(writer);
      const identity = {
        id,
        planText: text,
        seed,
        command: ['bin/stoa-arena', ...process.argv.slice(2)],
      };
      const played = await withEquipment({ plan, write, progress, signal }, (bench) =>
        playRun(bench, identity, candidates),
      );
      return { end: played, file: path };
    } finally {
      await shield.lift();
      writer.close();
    }
  });
  terminal.err(`results: ${file}\n`);
  terminal.out(options.json ? jsonText(id, file, end) : await tablesText(file, terminal));
  return end.complete ? 0 : INTERRUPTED_EXIT_CODE;
}

function progressOf(plan: Plan, candidates: readonly Candidate[], terminal: Terminal): Progress {
  const { usualS } = estimatePlan(plan, countedIn(plan, candidates));
  const sink = { write: (text: string) => terminal.err(text), live: process.stderr.isTTY };
  return makeProgress(sink, usualS);
}

/** `20261121t203000.123z-quick`: sorts by time, and is a folder's name everywhere. */
export function runId(plan: string, at: Date): string {
  const stamp = at.toISOString().replaceAll(/[-:]/g, '');
  return `${stamp}-${plan}`.toLowerCase().slice(0, 64);
}

function jsonText(id: string, file: string, { complete, why }: EndRecord): string {
  return `${JSON.stringify({ id, file, complete, why })}\n`;
}

/** Made from the file, as every later report is. */
async function tablesText(file: string, terminal: Terminal): Promise<string> {
  const read = readResults(file);
  if (!read.ok) throw new Error(`${file} can't be read again: ${read.problems[0]?.message}`);
  const { printTables } = await import('../report/terminal.ts');
  const color = terminal.paint('bold', '') !== '';
  return printTables(read.results.records, {
    color,
    width: process.stdout.columns || WIDTH_DEFAULT,
  });
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,10}$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
  };
}

function toId(text: string): string {
  if (/^[a-z0-9][a-z0-9.-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('1 to 64 small letters, digits, "." and "-".');
}
