/**
 * The command line of the arena: every command, and what becomes of what they throw.
 *
 * Exit codes: 0 done, 1 failed or not valid, 2 not understood, 130 interrupted.
 *
 * @module
 */

import { Command, CommanderError } from 'commander';

import { withHelp } from '../../src/cli/help.ts';
import { processTerminal, type Terminal } from '../../src/cli/terminal.ts';
import { GatewayError } from '../../src/errors.ts';
import { COMMANDS } from './commands.ts';

const EXAMPLES = `
Examples:
  $ stoa-arena plan -f quick
  $ stoa-arena run -f quick -o arena/runs
  $ stoa-arena validate arena/plans/*.yaml arena/targets`;

/** `argv` without the interpreter and the script. Resolves to the exit code; never rejects. */
export async function runArena(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  let exitCode = 0;
  const program = buildArena(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, terminal);
  }
}

export function buildArena(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('stoa-arena')
    .description('the Gateway Arena: gateways compared on identical work')
    .addHelpText('after', EXAMPLES);
  for (const make of COMMANDS) program.addCommand(make(terminal, exit));
  return withHelp(program, terminal);
}

function exitCodeOf(error: unknown, terminal: Terminal): number {
  // Help is thrown with 0; everything else commander throws is a misuse it has told.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const text = error instanceof Error ? error.message : String(error);
  terminal.err(`error: ${text}\n`);
  return error instanceof GatewayError ? error.exitCode : 1;
}
