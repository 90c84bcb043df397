/** `check`: is a configuration valid? Exit code 0 or 1. @module */

import { Command } from 'commander';

import { formatProblem, type Problem } from '../config/problem.ts';
import type { Model } from '../config/schema.ts';
import { type Checked, checkFile, configFile } from './checked.ts';
import { configOption, type OutputOptions, outputOption } from './options.ts';
import type { Terminal } from './terminal.ts';

interface CheckOptions extends OutputOptions {
  readonly config?: string;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway check gateway.yaml
  $ stoa-gateway check --config gateway.yaml --output json

Every problem is told with file, line and column. The exit code is 0 when there is none, else 1.`;

export function checkCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('check')
    .description('say whether a configuration is valid, and where it is not')
    .argument('[file]', 'the same as --config')
    .addOption(configOption())
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action(async (named: string | undefined, options: CheckOptions) => {
      const file = configFile(options.config ?? named);
      const checked = await checkFile(file);
      if (options.output === 'json') terminal.out(`${JSON.stringify(report(checked), null, 2)}\n`);
      else
        terminal.out(
          checked.ok ? success(file, checked.model, terminal) : failure(checked.problems, terminal),
        );
      exit(checked.ok ? 0 : 1);
    });
}

function report(checked: Checked): { ok: boolean; problems: readonly Problem[] } {
  return { ok: checked.ok, problems: checked.ok ? [] : checked.problems };
}

function success(file: string, model: Model, terminal: Terminal): string {
  const consumers = Object.values(model.consumers);
  const keys = consumers.reduce((sum, { apiKeys }) => sum + apiKeys.length, 0);
  const parts = [
    counted(model.routes.length, 'route'),
    counted(Object.keys(model.upstreams).length, 'upstream'),
    counted(consumers.length, 'consumer'),
    counted(keys, 'API key'),
  ];
  return `${terminal.paint('green', 'valid')} ${file}: ${parts.join(', ')}\n`;
}

function failure(problems: readonly Problem[], terminal: Terminal): string {
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`);
  return `${lines.join('')}${terminal.paint('red', counted(problems.length, 'problem'))}\n`;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
