/**
 * One run of the gate: measured, decided, printed and written down.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { startLoadStage } from '../../arena/load/choose.ts';
import { makeProgress, type Progress } from '../../arena/run/progress.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { type Assessment, assess, type Recording } from './assessment.ts';
import { type GateWatch, recordGate } from './gate.ts';
import { appendHistory, entriesOf } from './history/entries.ts';
import type { GateOptions } from './options.ts';
import { buildPlace } from './place.ts';
import { LOAD_CORE } from './side.ts';
import { reportText } from './table.ts';

/** Seconds that a block takes with all that belongs to it, at a usual rate. */
const BLOCK_S = 0.8;
const BLOCKS_A_ROUND = 3;
/** Seconds of layer 1 when nothing has to be compiled. */
const DETERMINISTIC_S = 60;

/** What a shell says of a program that Ctrl-C has ended; all processes go with it. */
const INTERRUPTED = 130;

function interrupt(): never {
  process.exit(INTERRUPTED);
}

/** Resolves to the exit code. Rejects with a `GateFailure` when there is no verdict. */
export async function judge(
  options: GateOptions,
  terminal: Terminal,
  command: readonly string[],
): Promise<number> {
  const begin = (): Progress =>
    makeProgress(
      { write: (text) => terminal.err(text), live: process.stderr.isTTY },
      estimateS(options),
    );
  let progress = begin();
  const watch: GateWatch = {
    now: (what) => progress.now(what),
    note: (what) => progress.note(what),
    // What is left is told from how long the measuring takes.
    built: () => {
      progress = begin();
    },
    counted: () => progress.advance(DETERMINISTIC_S),
    round: () => progress.advance(roundS(options)),
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt);
  progress.note(`seed ${options.seed}`);
  try {
    const recording = await recordGate({
      options,
      place: buildPlace(options.keep),
      openStation: () => startLoadStage({ driver: 'native', cores: LOAD_CORE }),
      watch,
      command,
    });
    const assessment = assess(recording);
    if (options.json !== null) writeDocument(options.json, recording, assessment);
    if (options.history !== null) {
      appendHistory(options.history, entriesOf(recording, assessment));
    }
    progress.end();
    terminal.out(reportText(recording, assessment));
    return assessment.exitCode;
  } finally {
    progress.end();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, interrupt);
  }
}

/** What is written is decided from what is written: `gate show` prints the same again. */
export function documentText(recording: Recording, assessment: Assessment): string {
  return `${JSON.stringify({ recording, assessment }, null, 1)}\n`;
}

function writeDocument(file: string, recording: Recording, assessment: Assessment): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, documentText(recording, assessment));
}

/** Up to the first look: what follows is only measured when that leaves it open. */
function estimateS({ layer, scenarios, looks }: GateOptions): number {
  const pairedS = (looks[0] ?? 0) * roundS({ scenarios });
  return (layer === '2' ? 0 : DETERMINISTIC_S) + (layer === '1' ? 0 : pairedS);
}

function roundS({ scenarios }: Pick<GateOptions, 'scenarios'>): number {
  return scenarios.length * BLOCKS_A_ROUND * BLOCK_S;
}
