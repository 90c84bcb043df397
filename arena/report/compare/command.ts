/** `compare`: what changed from one run to another, target by target. @module */

import { Command } from 'commander';

import { processTerminal, type Terminal } from '../../../src/cli/terminal.ts';
import { gridText, screenOf } from '../grid-text.ts';
import { readRun } from '../runs.ts';
import { comparisonGrids } from './grids.ts';
import { type Comparison, compareRuns } from './model.ts';

const EXAMPLES = `
Verdicts: better, worse, same (within 3 % of CPU, 5 % of requests/s and p50, 15 % of p99), unknown
(the interval allows several, or there are fewer than six rounds). The exit code is 0 whatever
changed: "stoa-arena gate" is what decides about a change.

Examples:
  $ stoa-arena compare results/2026-11-13.jsonl results/2026-11-14.jsonl`;

export function compareCommand(terminal: Terminal = processTerminal()): Command {
  return new Command('compare')
    .description('say what changed from one run to another')
    .argument('<before>', 'results file (JSONL)')
    .argument('<after>', 'results file (JSONL)')
    .addHelpText('after', EXAMPLES)
    .action((before: string, after: string) => {
      const warn = (text: string): void => terminal.err(`${text}\n`);
      const comparison = compareRuns(readRun(before, warn), readRun(after, warn));
      for (const warning of comparison.warnings) terminal.err(`warning: ${warning}\n`);
      terminal.out(comparisonText(comparison, screenOf(terminal)));
    });
}

export function comparisonText(
  comparison: Comparison,
  screen: { readonly color: boolean; readonly width: number },
): string {
  const { before, after } = comparison;
  const head = `From ${before.id} (${before.at}) to ${after.id} (${after.at}); changes with 95 % intervals`;
  return `${head}\n${comparisonGrids(comparison)
    .map((grid) => `\n${gridText(grid, screen)}\n`)
    .join('')}`;
}
