/**
 * The command line: every command, and what becomes of what they throw.
 *
 * Exit codes: 0 done, 1 failed or not valid, 2 not understood.
 *
 * @module
 */

import { Command } from 'commander';

import { GatewayError } from '../errors.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo-command.ts';
import { explainCommand } from './explain.ts';
import { runProgram, withHelp } from './help.ts';
import { keysCommand } from './keys.ts';
import { policyCommand } from './policy.ts';
import { quotasCommand } from './quotas.ts';
import { revokeCommand } from './revoke.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { usageCommand } from './usage.ts';
import { versionText } from './version.ts';

const EXAMPLES = `
Without a command, the gateway runs: its options are those of "stoa-gateway run --help".

Examples:
  $ stoa-gateway --mode=proxy --port=8080 --upstream=http://backend:8080
  $ stoa-gateway run --config gateway.yaml
  $ stoa-gateway check gateway.yaml
  $ stoa-gateway explain GET /echo/hello --config gateway.yaml
  $ stoa-gateway help keys`;

/** `argv` without the interpreter and the script. Resolves to the exit code; never rejects. */
export function runCli(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  return runProgram(
    (exit) => buildProgram(terminal, exit),
    argv,
    (error) => {
      if (error instanceof GatewayError) {
        terminal.err(`error: ${error.message}\n`);
        return error.exitCode;
      }
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      terminal.err(`this is a defect in the gateway: ${text}\n`);
      return 1;
    },
  );
}

/** `exit` is told an exit code other than 0 when the command has one. */
export function buildProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('stoa-gateway')
    .description('STOA Gateway: a fast API gateway, configured by one file')
    .version(versionText(), '-V, --version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .addCommand(runCommand(terminal, exit), { isDefault: true })
    .addCommand(checkCommand(terminal, exit))
    .addCommand(explainCommand(terminal, exit))
    .addCommand(usageCommand(terminal, exit))
    .addCommand(quotasCommand(terminal, exit))
    .addCommand(schemaCommand(terminal))
    .addCommand(keysCommand(terminal))
    .addCommand(revokeCommand(terminal))
    .addCommand(policyCommand(terminal, exit))
    .addCommand(demoCommand(terminal))
    .addCommand(
      new Command('version')
        .description('print the version')
        .action(() => terminal.out(`${versionText()}\n`)),
    );
  return withHelp(program, terminal);
}
