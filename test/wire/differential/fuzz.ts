/**
 * The long form: `node dist/test/wire/differential/fuzz.js [--front native] [--cases 1000000]
 * [--seed n] [--from n] [--connections 128]`, as `make fuzz-wire` runs it. One failed case runs
 * again with `--seed`, `--from` and `--cases 1`. Exit code 1 when anything failed.
 *
 * @module
 */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { type Plan, type Report, Run } from './run.ts';
import { closingLine, story } from './story.ts';

const PROGRESS_EVERY = 50_000;

function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      front: { type: 'string', default: 'native' },
      cases: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      from: { type: 'string', default: '0' },
      connections: { type: 'string', default: '128' },
    },
  });
  const { front } = values;
  if (front !== 'native' && front !== 'uws') throw new Error(`no such front: ${front}`);
  return {
    front,
    cases: Number(values.cases),
    seed: Number(values.seed),
    from: Number(values.from),
    connections: Number(values.connections),
  };
}

/** Prints failures as they come, and now and then how far it has come. */
function progress(): (report: Report) => void {
  const startedMs = Date.now();
  let done = 0;
  let told = 0;
  return ({ arrivals, failures }) => {
    done += 1;
    for (const { number, fault } of failures.slice(told)) console.log(`case ${number}: ${fault}`);
    told = failures.length;
    if (done % PROGRESS_EVERY !== 0) return;
    const perSecond = Math.round(done / ((Date.now() - startedMs) / 1000));
    console.log(
      `${done} cases, ${arrivals} requests upstream, ${told} failures, ${perSecond} cases/s`,
    );
  };
}

async function main(args: readonly string[]): Promise<void> {
  const plan = planOf(args);
  console.log(JSON.stringify(plan));
  const run = await Run.start(plan.front);
  try {
    const report = await run.all(plan, progress());
    const panics = await run.panics();
    const closing = closingLine(plan, report, panics);
    process.exitCode = report.failures.length + panics === 0 ? 0 : 1;
    for (const line of await story(run, plan, report)) console.log(line);
    console.log(closing);
  } finally {
    await run.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
