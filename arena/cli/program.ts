/**
 * The command line of the arena: every command, and what becomes of what they throw.
 *
 * Exit codes: 0 done, 1 failed or not valid, 2 not understood, 130 interrupted.
 *
 * @module
 */

import { Command } from 'commander';

import { runProgram, withHelp } from '../../src/cli/help.ts';
import { processTerminal, type Terminal } from '../../src/cli/terminal.ts';
import { GatewayError } from '../../src/errors.ts';
import { COMMANDS } from './commands.ts';

const EXAMPLES = `
Examples:
  $ stoa-arena plan -f quick
  $ stoa-arena run -f quick -o arena/runs
  $ stoa-arena validate arena/plans/*.yaml arena/targets`;

/** `argv` without the interpreter and the script. Resolves to the exit code; never rejects. */
export function runArena(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  return runProgram(
    (exit) => buildArena(terminal, exit),
    argv,
    (error) => {
      terminal.err(`error: ${error instanceof Error ? error.message : String(error)}\n`);
      return error instanceof GatewayError ? error.exitCode : 1;
    },
  );
}

export function buildArena(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('stoa-arena')
    .description('the Gateway Arena: gateways compared on identical work')
    .addHelpText('after', EXAMPLES);
  for (const make of COMMANDS) program.addCommand(make(terminal, exit));
  return withHelp(program, terminal);
}
