/**
 * What all programs and their commands have alike: how they end, print their help, tell of misuse.
 *
 * @module
 */

import { type Command, CommanderError } from 'commander';

import type { Terminal } from './terminal.ts';

/**
 * Parses `argv`, which is without the interpreter and the script, and does what it says. Resolves to
 * the exit code: what a command has told `exit`, 2 for a misuse, or what `failed` makes of an error.
 */
export async function runProgram(
  build: (exit: (code: number) => void) => Command,
  argv: readonly string[],
  failed: (error: unknown) => number,
): Promise<number> {
  let exitCode = 0;
  const program = build((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version are thrown with 0; everything else commander throws is a misuse it has told.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return failed(error);
  }
}

/** The same program; errors of its commands are thrown, and their words go to the terminal. */
export function withHelp(program: Command, terminal: Terminal): Command {
  for (const command of everyCommand(program)) {
    if (command.commands.length > 0)
      command.helpCommand('help [command]', 'print this of a command');
    command
      .helpOption('-h, --help', 'print this')
      .showHelpAfterError(`(${fullName(command)} --help says what there is)`)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.out(text),
        writeErr: (text) => terminal.err(text),
      })
      .configureHelp({ styleTitle: (title) => terminal.paint('bold', title) });
  }
  return program;
}

/** The command itself, then those below it, as they were added. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** `stoa-gateway keys hash`. */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
