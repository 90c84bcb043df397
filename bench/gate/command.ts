/**
 * `gate`: did this change make the gateway slower? Exit codes: exit-codes.ts.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

import { Command } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { assess, type Recording, RECORDING_VERSION } from './assessment.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { internalFailure, isGateFailure } from './failure.ts';
import { historyText, readHistory } from './history/report.ts';
import { judge } from './judge.ts';
import { addGateOptions, type Flags, gateOptions } from './options.ts';
import { reportText } from './table.ts';

const EXAMPLES = `
Examples:
  $ stoa-arena gate --base main
  $ stoa-arena gate --base main --quick --layer 2
  $ stoa-arena gate --base v0.1.0 --head v0.2.0 --json gate.json
  $ stoa-arena gate show gate.json
  $ stoa-arena gate history gate-history.jsonl

Exit codes: 0 pass, 1 regress, 2 not understood, 70 can't tell (a build fails, a tool is missing),
75 inconclusive, 78 void. In CI, treat 75 and 78 as neutral: docs/gate.md.`;

/** `exit` is told the exit code. */
export function gateCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const run = async (work: () => number | Promise<number>): Promise<void> => {
    exit(await guarded(terminal, work));
  };
  const command = new Command('gate')
    .description('say whether a change made the gateway slower: pass, regress, inconclusive, void')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags) => {
      const words = process.argv.slice(2);
      await run(() => judge(gateOptions(flags), terminal, words));
    });
  addGateOptions(command);
  command
    .command('show')
    .description('decide and print again what an earlier run measured (--json)')
    .argument('<file>', 'what --json has written')
    .action(async (file: string) => {
      await run(() => show(file, terminal));
    });
  command
    .command('history')
    .description('where the numbers of the main branch changed; reports, never fails')
    .argument('<file>', 'what --history has appended to')
    .action(async (file: string) => {
      await run(() => {
        terminal.out(historyText(readHistory(file)));
        return EXIT_CODES.pass;
      });
    });
  return command;
}

function show(file: string, terminal: Terminal): number {
  const recording = readRecording(file);
  const assessment = assess(recording);
  terminal.out(reportText(recording, assessment));
  return assessment.exitCode;
}

/** Throws when the file holds nothing that --json has written. */
function readRecording(file: string): Recording {
  const { recording } = JSON.parse(readFileSync(file, 'utf8')) as { recording?: Recording };
  if (recording?.kind !== 'gate' || recording.version !== RECORDING_VERSION) {
    throw internalFailure(`${file} was not written by --json of this version of the gate`);
  }
  return recording;
}

/** Runs `work`; what it throws becomes a message and an exit code. */
async function guarded(terminal: Terminal, work: () => number | Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (isGateFailure(error)) {
      terminal.err(`gate: ${error.message}\n`);
      return EXIT_CODES[error.kind];
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.err(`gate: can't tell: ${text}\n`);
    return EXIT_CODES.internal;
  }
}
