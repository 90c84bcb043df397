/**
 * What a run came to, in words, with every failure's seed, bytes and smallest form.
 *
 * @module
 */

import { bytesOf, type Case, caseOf } from './cases.ts';
import type { Failure, Plan, Report, Run } from './run.ts';
import { shrunk } from './shrink.ts';

const TOLD_MAX = 5;
const SHOWN_MAX = 3000;

/** One character per byte; long runs of one are counted instead. */
function escapedBytes(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'))
    .replaceAll('\x7f', String.raw`\u007f`)
    .replace(
      /(\\u....|[^\\])\1{23,}/g,
      (run, one: string) => `{${run.length / one.length} × ${one}}`,
    );
  return text.slice(0, SHOWN_MAX);
}

function escaped(one: Case): string {
  const pieces = one.pieces.map(({ bytes, waitMs }) => {
    const text = escapedBytes(bytes);
    return waitMs === null ? text : `after ${waitMs} ms ${text}`;
  });
  const leaves = one.leavesAfterMs === null ? '' : `, leaves after ${one.leavesAfterMs} ms`;
  return `${bytesOf(one).length} B${leaves}: ${pieces.join(', ')}`;
}

async function told(run: Run, plan: Plan, { number, fault }: Failure): Promise<string> {
  if (number < 0) return fault;
  const one = caseOf(plan.seed, number);
  const smallest = await shrunk(one, fault, (candidate) => run.attempt(candidate));
  return [
    fault,
    `  again: --front ${plan.front} --seed ${plan.seed} --from ${number} --cases 1`,
    `  sent:   ${escaped(one)}`,
    `  shrunk: ${escaped(smallest)}`,
  ].join('\n');
}

/** The first failures, each told in lines of its own. */
export async function story(run: Run, plan: Plan, report: Report): Promise<string[]> {
  const failures = report.failures.slice(0, TOLD_MAX);
  const lines: string[] = [];
  for (const failure of failures) lines.push(await told(run, plan, failure));
  return lines;
}

export function closingLine({ front, seed }: Plan, report: Report, panics: number): string {
  const share = Math.round((100 * report.forwarded) / Math.max(report.cases, 1));
  return [
    `${front}: ${report.cases} cases (seed ${seed}), ${share} % forwarded`,
    `${report.arrivals} requests upstream = ${report.served} answered`,
    `+ ${report.cutByClient} cut by clients + ${report.cutByGateway} by the gateway`,
    `${report.refused} refused, ${report.silent} met with silence`,
    `llhttp abstained from ${report.abstained}`,
    `${panics} panics, ${report.failures.length} failures`,
  ]
    .join(', ')
    .replace(', +', ' +');
}
