/**
 * What all commands of a program have alike: how they print their help and tell of misuse.
 *
 * @module
 */

import type { Command } from 'commander';

import type { Terminal } from './terminal.ts';

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
