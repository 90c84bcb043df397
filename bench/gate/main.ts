/** The gate as a program of its own: `gate --help` tells the rest. @module */

import { CommanderError } from 'commander';

import { processTerminal } from '../../src/cli/terminal.ts';
import { gateCommand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';

const terminal = processTerminal();
const command = gateCommand(terminal, (code) => {
  process.exitCode = code;
});
for (const one of [command, ...command.commands]) one.exitOverride();
try {
  await command.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT_CODES.pass : EXIT_CODES.usage;
}
