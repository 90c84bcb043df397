/**
 * bench/gate/ACCEPTANCE.md, made from the acceptance's file and nothing else.
 *
 * @module
 */

import { percent } from '../decision/reasons.ts';
import { KIND_PLANS, KINDS } from './kinds.ts';
import { type AcceptanceLine, isRun, type RunLine } from './record.ts';

const SHOWN_CHARACTERS = 12;

const INTRODUCTION = `# Is the gate right?

Runs of the gate's second layer against changes whose size is known. The busy work is a loop that
[spin.patch](acceptance/spin.patch) puts into the decision on every request, so many times around as
raise the CPU time of a request of the scenario \`full\` by that share; how many that are is measured
first, on the same machine. The product has no hook for it. The hog is a busy process on the
gateways' core from the middle of the first look on.

\`make gate-acceptance\` runs it (\`ACCEPTANCE='--runs 1 --rounds-max 16'\` for a short form), goes on where it
was ended, and writes this page; \`make gate-acceptance-page\` only writes the page, from
[runs.jsonl](acceptance/runs.jsonl).
`;

export function acceptancePage(lines: readonly AcceptanceLine[]): string {
  const runs = lines.filter(isRun);
  if (runs.length === 0) return `${INTRODUCTION}\nNot run yet.\n`;
  return [INTRODUCTION, conditions(lines, runs), summary(runs), '## Each run', details(runs)].join(
    '\n',
  );
}

function conditions(lines: readonly AcceptanceLine[], runs: readonly RunLine[]): string {
  const [first, last] = [runs[0], runs.at(-1)];
  const commits = [...new Set(runs.map(({ commit }) => commit.slice(0, SHOWN_CHARACTERS)))];
  const machines = [...new Set(runs.map(({ fingerprint }) => fingerprint.slice(0, 8)))];
  const calibrations = lines
    .flatMap((line) => (line.kind === 'calibration' ? [line] : []))
    .map(({ shareOfOne }) => `${(shareOfOne * 1000 * 100).toFixed(2)} %`);
  const hours = runs.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  return `${first?.at.slice(0, 10)} to ${last?.at.slice(0, 10)}, ${hours.toFixed(1)} hours; commit ${commits.join(', ')}; machine ${machines.join(', ')}; a thousand repetitions of the busy work are ${calibrations.join(', ')} of a request.\n`;
}

function summary(runs: readonly RunLine[]): string {
  const head = [
    '| what | runs | pass | red | inconclusive | void | told better | first run red | asked | met |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  const rows = KINDS.map((kind) => {
    const own = runs.filter((run) => run.kind === kind);
    const count = (outcome: RunLine['outcome']): number =>
      own.filter((run) => run.outcome === outcome).length;
    const { title, bar, holds } = KIND_PLANS[kind];
    const met = own.length === 0 ? 'not run' : holds(own) ? 'yes' : '**no**';
    const cells = [
      title,
      own.length,
      count('pass'),
      count('regress'),
      count('inconclusive'),
      count('void'),
      own.filter(({ improvement }) => improvement).length,
      own.filter(({ firstOutcome }) => firstOutcome === 'regress').length,
      bar,
      met,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `${[...head, ...rows].join('\n')}\n`;
}

function details(runs: readonly RunLine[]): string {
  const head = [
    '| what | seed | rounds | says | CPU a request | p50 | p99 |',
    '|---|---|---|---|---|---|---|',
  ];
  const rows = runs.map(({ kind, seed, rounds, outcome, improvement, estimates }) => {
    const told = (metric: string): string =>
      Object.entries(estimates)
        .filter(([cell]) => cell.endsWith(` ${metric}`))
        .map(([, estimate]) => percent(estimate))
        .join(', ');
    const says = improvement ? `${outcome}, better` : outcome;
    const metrics = ['cpuUsPerRequest', 'p50', 'p99'].map(told);
    return `| ${[kind, seed, rounds, says, ...metrics].join(' | ')} |`;
  });
  return `\nEstimates are those of the first paired run, one for each scenario.\n\n${[...head, ...rows].join('\n')}\n`;
}
