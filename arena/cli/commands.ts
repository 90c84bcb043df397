/**
 * All commands of the arena, in the order of the help. One that is not here does not exist.
 *
 * @module
 */

import type { Command } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { scheduleCommand } from '../schedule/command.ts';
import { planCommand } from './plan.ts';
import { settingsOf } from './plan-file.ts';
import { runCommand } from './run.ts';
import { validateCommand } from './validate.ts';

/** What a command is made with. `exit` is told an exit code other than 0. */
type Make = (terminal: Terminal, exit: (code: number) => void) => Command;

export const COMMANDS: readonly Make[] = [
  planCommand,
  runCommand,
  validateCommand,
  (terminal, exit) => scheduleCommand({ settingsOf, err: (text) => terminal.err(text), exit }),
];
