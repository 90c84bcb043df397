/**
 * What a report begins with, and the order of its tables.
 *
 * @module
 */

import { bytes } from './format.ts';
import type { Grid } from './grid.ts';
import {
  capabilityGrid,
  checklistGrid,
  historyGrid,
  scenarioGrid,
  staircaseGrid,
  targetGrid,
} from './grids.ts';
import type { Report } from './model.ts';
import { scoreGrid } from './score-grid.ts';
import { tierGrids } from './tier-grids.ts';

export interface HeadLine {
  readonly name: string;
  readonly value: string;
}

/** When, on what, with what, by which command. */
export function headLines({ run, rounds, end }: Report): HeadLine[] {
  const { machine, source, driver, cores } = run;
  const where = machine.virtualization === null ? 'bare metal' : machine.virtualization;
  return [
    { name: 'Run', value: `${run.id}, ${run.at}${endText(end)}` },
    {
      name: 'Machine',
      value: `${machine.cpu}, ${machine.cores} cores, ${bytes(machine.memoryBytes)}, ${where}; ${machine.os}, Linux ${machine.kernel}, Node ${machine.node}; load ${run.loadAverage.toFixed(2)} at the start; fingerprint ${machine.fingerprint.slice(0, 12)}`,
    },
    {
      name: 'Plan',
      value: `${run.plan.name} (sha256 ${run.plan.sha256.slice(0, 12)}), ${rounds} rounds, seed ${run.seed}, targets on core ${cores.target}, load on core ${cores.load}`,
    },
    {
      name: 'Source',
      value: `commit ${source.commit.slice(0, 12)}${source.dirty ? ' with local changes' : ''}; ${driver.name} driver ${driver.version}`,
    },
    { name: 'Command', value: run.command.map(quoted).join(' ') },
  ];
}

function endText(end: Report['end']): string {
  if (end === null) return '; killed before its end';
  return end.complete ? '' : `; ended early: ${end.why}`;
}

/** As a shell reads it. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** All tables, in the order in which they are shown. */
export function reportGrids(report: Report): Grid[] {
  const [staircase] = report.staircases;
  const history = historyGrid(report);
  return [
    targetGrid(report),
    capabilityGrid(report),
    ...report.tiers.flatMap(tierGrids),
    ...(staircase === undefined ? [] : [staircaseGrid(staircase, report)]),
    ...report.scenarios.map(scenarioGrid),
    ...(report.scores.length === 0 ? [] : [scoreGrid(report.scores)]),
    ...(history === null ? [] : [history]),
    checklistGrid(report),
  ];
}
