/** `validate`: are plans, targets and results what they should be? Exit code 0 or 1. @module */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { Command } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import { formatProblem, type Problem } from '../../src/config/problem.ts';
import { GatewayError } from '../../src/errors.ts';
import { readCatalog } from '../adapters/catalog.ts';
import { loadPlan } from '../plan/load.ts';
import { readResults } from '../results/read.ts';
import { RESULTS_FILE } from '../results/write.ts';
import { planFile } from './plan-file.ts';

const EXAMPLES = `
Examples:
  $ stoa-arena validate arena/plans/quick.yaml
  $ stoa-arena validate arena/targets arena/targets/nginx
  $ stoa-arena validate arena/runs/20261121t203000.123z-quick

A plan, a folder of targets or one of them, a file of results or the folder of a run. Every problem
is told with file, line and column. The exit code is 0 when there is none, else 1.`;

const MANIFEST = 'target.yaml';

/** What was found in one place. */
interface Finding {
  /** What it is, when it is right. */
  readonly what: string;
  readonly problems: readonly Problem[];
}

export function validateCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('validate')
    .description('say whether plans, targets and results are valid, and where they are not')
    .argument('<files...>', 'plans, target folders, results')
    .addHelpText('after', EXAMPLES)
    .action((files: string[]) => {
      let count = 0;
      for (const file of files) {
        const { what, problems } = examine(file);
        count += problems.length;
        if (problems.length === 0)
          terminal.out(`${terminal.paint('green', 'valid')} ${file}: ${what}\n`);
        else terminal.out(problems.map((problem) => `${formatProblem(problem)}\n`).join(''));
      }
      if (count > 0) terminal.out(`${terminal.paint('red', counted(count, 'problem'))}\n`);
      exit(count > 0 ? 1 : 0);
    });
}

function examine(named: string): Finding {
  const file = planFile(named);
  if (!existsSync(file)) throw new GatewayError('usage', `there is no ${file}`);
  if (!statSync(file).isDirectory()) {
    return file.endsWith('.jsonl') ? examineResults(file) : examinePlan(file);
  }
  if (existsSync(join(file, RESULTS_FILE))) return examineResults(join(file, RESULTS_FILE));
  return existsSync(join(file, MANIFEST)) ? examineTarget(file) : examineTargets(file);
}

function examinePlan(file: string): Finding {
  const loaded = loadPlan(file);
  if (!loaded.ok) return { what: '', problems: loaded.problems };
  const { targets, rounds } = loaded.value;
  return {
    what: `${counted(targets.length, 'target')}, ${counted(rounds, 'round')}`,
    problems: [],
  };
}

function examineResults(file: string): Finding {
  const read = readResults(file);
  if (!read.ok) return { what: '', problems: read.problems };
  const { records, cut } = read.results;
  const end = records.at(-1);
  const whole = end?.kind === 'end' && end.complete ? 'complete' : 'not complete';
  const note = cut ? ', the last line is cut off' : '';
  return { what: `${counted(records.length, 'record')}, ${whole}${note}`, problems: [] };
}

function examineTargets(folder: string): Finding {
  const { descriptions, problems } = readCatalog(folder);
  return { what: counted(descriptions.length, 'target'), problems };
}

/** Its catalogue is the folder around it, of which only this one is told. */
function examineTarget(folder: string): Finding {
  const own = resolve(folder);
  const { problems } = readCatalog(dirname(own));
  const name = join(basename(own), MANIFEST);
  return { what: 'a target', problems: problems.filter(({ file }) => file.endsWith(name)) };
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
