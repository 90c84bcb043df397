/**
 * All commands of the arena, in the order of the help. One that is not here does not exist.
 *
 * @module
 */

import type { Command } from 'commander';

import { gateCommand } from '../../bench/gate/command.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { reportCommand } from '../report/command.ts';
import { compareCommand } from '../report/compare/command.ts';
import { readRun } from '../report/runs.ts';
import { scheduleCommand } from '../schedule/command.ts';
import { prometheusText } from '../report/prometheus.ts';
import { serveCommand } from '../serve/command.ts';
import { planCommand } from './plan.ts';
import { settingsOf } from './plan-file.ts';
import { runCommand } from './run.ts';
import { validateCommand } from './validate.ts';

/** What a command is made with. `exit` is told an exit code other than 0. */
type Make = (terminal: Terminal, exit: (code: number) => void) => Command;

export const COMMANDS: readonly Make[] = [
  planCommand,
  runCommand,
  (terminal) => reportCommand(terminal),
  (terminal) => compareCommand(terminal),
  validateCommand,
  (terminal, exit) => {
    const { out, err } = voices(terminal);
    const metricsOf = (file: string): string => prometheusText(readRun(file, err));
    return serveCommand({ metricsOf, out, err, exit });
  },
  (terminal, exit) => scheduleCommand({ settingsOf, err: voices(terminal).err, exit }),
  gateCommand,
];

function voices(terminal: Terminal): { out: (text: string) => void; err: (text: string) => void } {
  return { out: (text) => terminal.out(text), err: (text) => terminal.err(text) };
}
