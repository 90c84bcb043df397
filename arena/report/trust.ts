/**
 * What makes a benchmark worth believing, item by item, answered from the data of this very run.
 *
 * @module
 */

import type { BlockRecord } from '../results/records.ts';
import { BASELINE, BASELINE_TIER } from '../tiers/tiers.ts';
import type { Material } from './material.ts';
import { isMeasured, type Measured, type Table } from './table-model.ts';

export interface Check {
  readonly name: string;
  readonly met: 'yes' | 'no' | 'unknown';
  /** The numbers behind it. */
  readonly detail: string;
}

const LAG_MAX_US = 200;
const GENERATOR_CPU_MAX = 0.8;
const BASELINE_MIN = 2;
const ROUNDS_MIN = 10;
const STOLEN_MAX = 0.05;

export function checklistOf(material: Material, tables: readonly Table[]): Check[] {
  const rows = tables.flatMap((table) => table.rows.filter(isMeasured));
  return [
    openLoop(material, tables),
    samples(rows),
    commonAndShares(tables),
    costs(rows),
    generator(material.blocks),
    headroom(tables),
    probed(material, tables),
    hashed(material, tables),
    rounds(rows),
    shuffledOrder(material.blocks),
    answers(material.blocks),
    quiet(material.blocks),
    repeatable(material),
    whole(material),
  ];
}

const met = (yes: boolean): Check['met'] => (yes ? 'yes' : 'no');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function openLoop({ run }: Material, tables: readonly Table[]): Check {
  const open = tables.filter(({ cell }) => cell.load.mode !== 'closed').length;
  const name = 'Latency is measured in an open loop, from the moment a request was due';
  if (run.driver.name === 'autocannon') {
    const detail =
      'autocannon sends as answers come, and counts from sending: a stall is in fewer latencies than it should be';
    return { name, met: 'no', detail };
  }
  return {
    name,
    met: met(open > 0),
    detail: `${open} of ${tables.length} tables; a closed loop serves the search for capacity only`,
  };
}

function samples(rows: readonly Measured[]): Check {
  const known = rows.filter(({ latency }) => latency.p999Us !== null).length;
  const fewest = rows.reduce((least, { latency }) => Math.min(least, latency.samples), Infinity);
  return {
    name: 'Histograms of 3 significant digits, merged by counts; p99.9 of 10 000 samples at least',
    met: met(rows.length > 0 && known === rows.length),
    detail:
      rows.length === 0
        ? 'nothing was measured'
        : `p99.9 is known in ${known} of ${rows.length} rows; the smallest has ${fewest} samples`,
  };
}

function commonAndShares(tables: readonly Table[]): Check {
  const loads = tables.map(({ cell }) => cell.load);
  const shares = new Set(
    loads.flatMap((load) => (load.mode === 'share' ? load.capacityShare : [])),
  );
  const common = new Set(loads.flatMap((load) => (load.mode === 'open' ? load.ratePerS : [])));
  return {
    name: 'Load both at shares of each target’s own capacity and at one rate for all',
    met: met(shares.size > 0 && common.size > 0),
    detail: `shares: ${[...shares].map((share) => `${share * 100} %`).join(', ') || 'none'}; common rates: ${[...common].map((rate) => `${rate}/s`).join(', ') || 'none'}`,
  };
}

function costs(rows: readonly Measured[]): Check {
  const gateways = rows.filter(({ target }) => target.target !== BASELINE);
  const known = gateways.filter(({ cpuUs, memoryPeakBytes }) => cpuUs && memoryPeakBytes);
  return {
    name: 'CPU per request and peak memory of the whole process tree, for every gateway',
    met: met(gateways.length > 0 && known.length === gateways.length),
    detail: `${known.length} of ${gateways.length} rows`,
  };
}

function generator(blocks: readonly BlockRecord[]): Check {
  const fine = blocks.filter(
    ({ generator: { cpuShare, lagP99Us, bound } }) =>
      cpuShare < GENERATOR_CPU_MAX && (lagP99Us ?? 0) < LAG_MAX_US && bound.length === 0,
  );
  const unseen = blocks.filter(
    ({ load, generator: { lagP99Us } }) => load.mode === 'open' && lagP99Us === null,
  ).length;
  return {
    name: `The generator kept up: sent within ${LAG_MAX_US} µs at p99, under ${GENERATOR_CPU_MAX * 100} % of its core`,
    met: unseen > 0 ? 'unknown' : met(blocks.length > 0 && fine.length === blocks.length),
    detail: `${fine.length} of ${blocks.length} blocks; the others are marked${unseen > 0 ? `; how late requests were sent is not known of ${unseen}` : ''}`,
  };
}

function headroom(tables: readonly Table[]): Check {
  const saturated = tables.filter(({ cell }) => cell.load.mode === 'closed');
  const ratios = saturated.flatMap(({ rows }) => {
    const measured = rows.filter(isMeasured);
    const base = measured.find(({ target }) => target.target === BASELINE);
    const others = measured.filter((row) => row !== base);
    if (base === undefined || others.length === 0) return [];
    const fastest = Math.max(...others.map(({ requestsPerS }) => requestsPerS.median));
    return [base.requestsPerS.median / fastest];
  });
  const lowest = Math.min(...ratios);
  return {
    name: `Without a gateway at least ${BASELINE_MIN} times as many requests/s as with the fastest one`,
    met: ratios.length === 0 ? 'unknown' : met(lowest >= BASELINE_MIN),
    detail:
      ratios.length === 0
        ? 'the baseline was not measured to its limit'
        : `${lowest.toFixed(2)} times at the least; under ${BASELINE_MIN}, requests/s may be limited by the load or the upstream`,
  };
}

function probed(material: Material, tables: readonly Table[]): Check {
  const jobs = jobsOf(tables);
  const passed = jobs.filter(({ target, tier }) =>
    material.probes.some((one) => one.target === target && one.tier === tier && one.passed),
  );
  return {
    name: 'No target is timed in a job it was not first seen to do',
    met: met(jobs.length > 0 && passed.length === jobs.length),
    detail: `${passed.length} of ${jobs.length} timed jobs have a passed probe`,
  };
}

function hashed(material: Material, tables: readonly Table[]): Check {
  const jobs = jobsOf(tables).filter(({ target }) => target !== BASELINE);
  const kept = jobs.filter(({ target, tier }) =>
    material.configs.some((one) => one.target === target && one.tier === tier),
  );
  return {
    name: 'Every configuration is kept as the target read it, with its hash',
    met: met(jobs.length > 0 && kept.length === jobs.length),
    detail: `${kept.length} of ${jobs.length} timed jobs`,
  };
}

/** What was timed: each target in each of its tiers, once; the baseline in its own. */
function jobsOf(tables: readonly Table[]): { target: string; tier: string }[] {
  const jobs = new Map<string, { target: string; tier: string }>();
  for (const { cell, rows } of tables) {
    for (const { target } of rows.filter(isMeasured)) {
      const tier = target.target === BASELINE ? BASELINE_TIER : cell.tier;
      jobs.set(`${target.target} ${tier}`, { target: target.target, tier });
    }
  }
  return [...jobs.values()];
}

function rounds(rows: readonly Measured[]): Check {
  const fewest = rows.reduce((least, { counted }) => Math.min(least, counted), Infinity);
  return {
    name: `Medians of at least ${ROUNDS_MIN} rounds with 95 % intervals, never a best run`,
    met: met(rows.length > 0 && fewest >= ROUNDS_MIN),
    detail:
      rows.length === 0 ? 'nothing was measured' : `${fewest} rounds count in the row with fewest`,
  };
}

function shuffledOrder(blocks: readonly BlockRecord[]): Check {
  const orders = new Map<number, string[]>();
  for (const { round, target } of blocks) {
    const order = orders.get(round) ?? [];
    if (!order.includes(target)) order.push(target);
    orders.set(round, order);
  }
  const different = new Set([...orders.values()].map((order) => order.join(' '))).size;
  return {
    name: 'The order of targets is drawn anew in every round',
    met: orders.size < 2 ? 'unknown' : met(different > 1),
    detail: `${different} different orders in ${orders.size} rounds`,
  };
}

function answers(blocks: readonly BlockRecord[]): Check {
  const voided = blocks.filter((block) => block.void.length > 0);
  return {
    name: 'What was answered wrongly does not count',
    met: 'yes',
    detail: `${voided.length} of ${blocks.length} blocks are void, each with its reason`,
  };
}

function quiet(blocks: readonly BlockRecord[]): Check {
  const stolen = blocks.reduce((most, { machine }) => Math.max(most, machine.stolenShare), 0);
  const load = blocks.reduce((most, { machine }) => Math.max(most, machine.loadAverage), 0);
  return {
    name: `The host took at most ${STOLEN_MAX * 100} % of the machine’s time`,
    met: blocks.length === 0 ? 'unknown' : met(stolen <= STOLEN_MAX),
    detail: `${percent(stolen)} in the worst block; load average up to ${load.toFixed(1)}, the run’s own load included`,
  };
}

function repeatable({ run }: Material): Check {
  return {
    name: 'Made from a commit without local changes, with a logged seed and plan',
    met: met(!run.source.dirty),
    detail: `commit ${run.source.commit.slice(0, 12)}${run.source.dirty ? ' with local changes' : ''}, seed ${run.seed}, plan ${run.plan.sha256.slice(0, 12)}`,
  };
}

function whole({ end }: Material): Check {
  if (end === null) {
    return { name: 'The run came to its end', met: 'no', detail: 'it was killed: it has no end' };
  }
  return {
    name: 'The run came to its end',
    met: met(end.complete),
    detail: end.complete ? `at ${end.at}` : end.why,
  };
}
