/**
 * A results file as a run would have written it, made up from a seed: for tests only.
 *
 * With void blocks and generator-bound ones, and every scenario.
 *
 * @module
 */

import { createHash } from 'node:crypto';

import type {
  BlockRecord,
  ConfigRecord,
  Load,
  ProbeRecord,
  ResultRecord,
  RunRecord,
  TargetRecord,
} from '../results/records.ts';
import { type Random, seeded, shuffled } from '../statistics/random.ts';
import type { Tier } from '../tiers/tiers.ts';
import { circumstances, cpuOf, fixtureHistogram, instant, normal } from './fixture-measure.ts';
import { FIXTURE_PLAN, type FixturePlan, type FixtureTarget } from './fixture-plan.ts';
import { scenarioRecords } from './fixture-scenarios.ts';

/** Of every block. */
const SECONDS = 4;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function runRecord(plan: FixturePlan): RunRecord {
  const text = `name: standard\nrounds: ${plan.rounds}\nseed: ${plan.seed}\n`;
  return {
    kind: 'run',
    version: 1,
    id: `2026-11-${String(plan.day).padStart(2, '0')}-standard`,
    at: instant(plan, 0),
    command: ['bin/stoa-arena', 'run', '--plan', 'standard'],
    plan: { name: 'standard', sha256: sha256(text), text },
    seed: plan.seed,
    source: { commit: sha256(`commit ${plan.day}`).slice(0, 40), dirty: false },
    machine: {
      cpu: 'AMD EPYC 7B13',
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      os: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0-26-cloud-amd64',
      node: 'v20.20.2',
      virtualization: 'kvm',
      fingerprint: sha256('a machine'),
    },
    driver: { name: 'native', version: '0.1.0' },
    cores: { target: '0', load: '1' },
    loadAverage: 0.31,
  };
}

function targetRecord(one: FixtureTarget): TargetRecord {
  return {
    kind: 'target',
    target: one.name,
    title: one.title,
    adapter: one.name === 'kong' ? 'container' : 'process',
    status: one.unavailable === undefined ? 'ready' : 'unavailable',
    why: one.unavailable ?? '',
    version: one.version,
    capabilities: [...one.tiers, 'churn', 'sse', 'slow-clients', 'reload', 'upstream-kill'],
  };
}

function configRecord(one: FixtureTarget, tier: Tier): ConfigRecord {
  const text = `# ${one.title}, tier ${tier}\nlisten 127.0.0.1:PORT;\nupstream 127.0.0.1:PORT;\nworkers 1;\n`;
  return {
    kind: 'config',
    target: one.name,
    tier,
    file: `${one.name}.conf`,
    sha256: sha256(text),
    text,
  };
}

function probeRecord(one: FixtureTarget, tier: Tier): ProbeRecord {
  const failed = one.fails === tier;
  const checks = [
    { name: 'answers 200 with the body intact', passed: true, detail: '' },
    {
      name: 'refuses a forged token with 401',
      passed: !failed,
      detail: failed ? 'answered 200 to a token signed with another key' : '',
    },
  ];
  return { kind: 'probe', target: one.name, tier, passed: !failed, checks };
}

interface FixtureBlock {
  readonly tier: Tier;
  readonly bodyBytes: number;
  readonly load: Load;
  readonly round: number;
  readonly flaw: number;
  readonly minutes: number;
}

/** The rate that a load comes to, of a target that answers `capacity` requests a second at most. */
function rateOf(load: Load, capacity: number): number {
  if (load.mode === 'closed') return capacity;
  return load.capacityShare === null ? load.ratePerS : Math.round(capacity * load.capacityShare);
}

function latencyUsOf(one: FixtureTarget, load: Load, cpuUs: number, busy: number): number {
  const queueing = load.mode === 'closed' ? 3.4 : 1 + 0.9 * busy * busy;
  return (one.latencyUs + (cpuUs - (one.cpuUs ?? 0)) * 1.4) * queueing;
}

function blockRecord(
  plan: FixturePlan,
  one: FixtureTarget,
  at: FixtureBlock,
  random: Random,
): BlockRecord {
  const cpuUs = cpuOf(plan, one, at.tier, at.bodyBytes) * Math.exp(normal(random) * 0.014);
  const seen = one.cpuUs !== null;
  const capacity = (1e6 / (cpuUs + 4)) * (seen ? 1 : 0.28) * (1 + normal(random) * 0.03);
  const ratePerS = rateOf(at.load, capacity);
  const load: Load = at.load.mode === 'open' ? { ...at.load, ratePerS } : at.load;
  const requests = Math.round(ratePerS * SECONDS);
  const busy = (ratePerS * cpuUs) / 1e6;
  const latencyUs = latencyUsOf(one, load, cpuUs, busy) * Math.exp(normal(random) * 0.04);
  const about = circumstances(at.flaw, random, load.mode === 'open');
  const wrong = one.answers404 === true;
  const memory = Math.round(one.memoryBytes * (1 + random() * 0.02));
  return {
    kind: 'block',
    at: instant(plan, at.minutes),
    round: at.round,
    target: one.name,
    tier: at.tier,
    bodyBytes: at.bodyBytes,
    load,
    seconds: SECONDS,
    requests,
    requestsPerS: requests / SECONDS,
    statuses: statusesOf(requests, wrong, at.flaw),
    errors: {},
    latency: fixtureHistogram(latencyUs, requests, random),
    cpuUsPerRequest: seen ? cpuUs : null,
    coresUsed: seen ? busy : null,
    memoryPeakBytes: seen ? memory : null,
    ...about,
    void: wrong ? [`${requests} answers with status 404, 200 was expected`] : about.void,
  };
}

function statusesOf(requests: number, wrong: boolean, flaw: number): Record<string, number> {
  if (wrong) return { 404: requests };
  return flaw === 1 ? { 200: requests - 37, 502: 37 } : { 200: requests };
}

function blockRecords(plan: FixturePlan, random: Random): BlockRecord[] {
  const records: BlockRecord[] = [];
  const order = seeded(plan.seed);
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const one of shuffled(plan.targets, order)) {
      if (one.unavailable !== undefined) continue;
      const offered = plan.tiers.filter((tier) => one.tiers.includes(tier) && one.fails !== tier);
      for (const tier of offered) {
        for (const bodyBytes of plan.bodies) {
          for (const load of plan.loads) {
            const count = records.length + 1;
            const nth = plan.flawEvery === 0 ? 1 : count % plan.flawEvery;
            const flaw = nth === 0 ? 1 + ((count / plan.flawEvery) % 2) : 0;
            const minutes = count / 60;
            records.push(
              blockRecord(plan, one, { tier, bodyBytes, load, round, flaw, minutes }, random),
            );
          }
        }
      }
    }
  }
  return records;
}

/** The records of one run; the same for the same plan. */
export function fixture(plan: FixturePlan = FIXTURE_PLAN): ResultRecord[] {
  const random = seeded(plan.seed + plan.day);
  const ready = plan.targets.filter((one) => one.unavailable === undefined);
  const jobs = ready.flatMap((one) =>
    plan.tiers.filter((tier) => one.tiers.includes(tier)).map((tier) => ({ one, tier })),
  );
  return [
    runRecord(plan),
    ...plan.targets.map(targetRecord),
    ...jobs.map(({ one, tier }) => configRecord(one, tier)),
    ...jobs.map(({ one, tier }) => probeRecord(one, tier)),
    ...blockRecords(plan, random),
    ...(plan.scenarios ? scenarioRecords(plan, random) : []),
    { kind: 'end', at: instant(plan, 120), complete: true, why: '' },
  ];
}
