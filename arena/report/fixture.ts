/**
 * A results file as a run would have written it, made up from a seed: for tests only.
 *
 * Eight targets: one unavailable, one that fails a probe; with void blocks and generator-bound ones,
 * every tier, body, load and scenario.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { emptyHistogram, encodeHistogram } from '../load/histogram.ts';

import type {
  BlockRecord,
  ConfigRecord,
  Load,
  ProbeRecord,
  ResultRecord,
  RunRecord,
  ScenarioRecord,
  TargetRecord,
} from '../results/records.ts';
import { L0, L0_SCENARIOS, l0Figures } from '../score/scenarios.ts';
import { type Random, seeded, shuffled } from '../statistics/random.ts';
import { TIERS, type Tier } from '../tiers/tiers.ts';

/** What is made up of a target. */
export interface FixtureTarget {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** Microseconds of CPU by request in the pass-through tier; null where it can't be seen. */
  readonly cpuUs: number | null;
  /** Median latency of pass-through at the common rate, microseconds. */
  readonly latencyUs: number;
  readonly memoryBytes: number;
  readonly tiers: readonly Tier[];
  readonly unavailable?: string;
  /** A tier whose probe it fails. */
  readonly fails?: Tier;
  /** Answers 404 to everything: every block is void. */
  readonly answers404?: boolean;
}

export interface FixturePlan {
  readonly seed: number;
  readonly rounds: number;
  readonly targets: readonly FixtureTarget[];
  readonly tiers: readonly Tier[];
  readonly bodies: readonly number[];
  readonly loads: readonly Load[];
  readonly scenarios: boolean;
  /** Every so many blocks one is void, and one generator-bound; 0 for none. */
  readonly flawEvery: number;
  /** Day of November 2026. */
  readonly day: number;
  /** Factor on every target's CPU per request, for histories. */
  readonly drift: number;
}

const MIB = 2 ** 20;
/** Of every block. */
const SECONDS = 4;
/** Added microseconds of CPU by tier, of a target as fast as nginx. */
const TIER_US: Readonly<Record<Tier, number>> = {
  pass: 0,
  key: 0.5,
  full: 1.1,
  jwt: 19,
  opa: 26,
  routes: 1.6,
};

const target = (
  name: string,
  title: string,
  version: string,
  cpuUs: number | null,
  latencyUs: number,
  memoryMib: number,
  tiers: readonly Tier[],
): FixtureTarget => ({
  name,
  title,
  version,
  cpuUs,
  latencyUs,
  memoryBytes: memoryMib * MIB,
  tiers,
});

const EVERY = TIERS;

export const FIXTURE_TARGETS: readonly FixtureTarget[] = [
  target('stoa', 'STOA Gateway', '0.1.0 (b5a38b5)', 13.4, 205, 92, EVERY),
  target('direct', 'direct (no gateway)', 'nginx 1.22.1 upstream', null, 118, 9, ['pass']),
  target('nginx', 'nginx', '1.22.1', 16.1, 231, 14, ['pass', 'key', 'full']),
  target('haproxy', 'HAProxy', '2.6.12', 17.0, 236, 31, ['pass', 'key', 'full', 'jwt']),
  target('caddy', 'Caddy', '2.6.2', 47.5, 480, 61, ['pass', 'key']),
  { ...target('envoy', 'Envoy', '1.40.0', 41.8, 395, 70, EVERY), fails: 'jwt' },
  target('fastify', '@fastify/http-proxy', '11.6.3 on Node 20.20.2', 81, 910, 118, [
    'pass',
    'key',
    'full',
    'jwt',
    'routes',
  ]),
  {
    ...target('kong', 'Kong Gateway', '', 0, 0, 0, ['pass', 'key', 'full', 'jwt']),
    unavailable:
      'no container engine answers: `docker info` says it cannot connect to the Docker daemon; start one, or install podman',
  },
];

const FIXTURE_LOADS: readonly Load[] = [
  { mode: 'closed', connections: 64 },
  { mode: 'open', connections: 64, ratePerS: 4000, capacityShare: null },
  { mode: 'open', connections: 64, ratePerS: 1, capacityShare: 0.5 },
  { mode: 'open', connections: 64, ratePerS: 1, capacityShare: 0.8 },
];

export const FIXTURE_PLAN: FixturePlan = {
  seed: 20_261_114,
  rounds: 10,
  targets: FIXTURE_TARGETS,
  tiers: TIERS,
  bodies: [0, 1024, 65_536],
  loads: FIXTURE_LOADS,
  scenarios: true,
  flawEvery: 61,
  day: 14,
  drift: 1,
};

/** A small one, for tests that need no more. */
export const SMALL_PLAN: FixturePlan = {
  ...FIXTURE_PLAN,
  rounds: 10,
  tiers: ['pass', 'key'],
  bodies: [1024],
  loads: FIXTURE_LOADS.slice(0, 2),
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** About normal: the sum of twelve uniform numbers, less six. */
function normal(random: Random): number {
  let sum = -6;
  for (let index = 0; index < 12; index += 1) sum += random();
  return sum;
}

/** `samples` lognormal values about `medianUs` with a tail, taken at even quantiles. */
export function fixtureHistogram(medianUs: number, samples: number, random: Random): string {
  const histogram = emptyHistogram();
  const points = Math.min(samples, 600);
  for (let point = 0; point < points; point += 1) {
    const count =
      Math.floor(((point + 1) * samples) / points) - Math.floor((point * samples) / points);
    const tail = random() < 0.012 ? 3 + random() * 9 : 1;
    const value = medianUs * Math.exp(normal(random) * 0.21) * tail;
    histogram.recordValueWithCount(Math.max(1, Math.round(value)), count);
  }
  return encodeHistogram(histogram);
}

const instant = (plan: FixturePlan, minutes: number): string =>
  new Date(Date.UTC(2026, 10, plan.day, 9, 0) + Math.round(minutes * 60_000)).toISOString();

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

function cpuOf(plan: FixturePlan, one: FixtureTarget, tier: Tier, bodyBytes: number): number {
  const base = one.cpuUs ?? 0;
  const added = TIER_US[tier] * (0.4 + (0.6 * base) / 16);
  return (base + added + bodyBytes * 0.00009 * Math.sqrt(base)) * plan.drift;
}

function circumstances(
  flaw: number,
  random: Random,
  open: boolean,
): Pick<BlockRecord, 'generator' | 'machine' | 'void'> {
  return {
    generator: {
      cpuShare: 0.42 + random() * 0.2 + (flaw === 2 ? 0.35 : 0),
      lagP99Us: open ? Math.round(40 + random() * 60) : null,
      bound: flaw === 2 ? ['generator used 91 % of its core (at most 80 %)'] : [],
    },
    machine: { stolenShare: random() * 0.004, loadAverage: 1.2 + random() * 0.5 },
    void: flaw === 1 ? ['37 answers with status 502'] : [],
  };
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

/** Figures and histograms of a scenario, about as they come. */
function scenarioFigures(
  scenario: string,
  one: FixtureTarget,
  random: Random,
): Pick<ScenarioRecord, 'figures' | 'histograms'> {
  const histogram = (factor: number, samples: number): string =>
    fixtureHistogram(one.latencyUs * factor, samples, random);
  const near = (value: number): number => Math.round(value * (1 + normal(random) * 0.03));
  switch (scenario) {
    case 'churn':
      return {
        figures: { connectionsPerS: near(260_000 / (one.cpuUs ?? 10)) },
        histograms: { latency: histogram(1.8, 9000) },
      };
    case 'sse':
      return {
        figures: { streams: 1000, eventsLost: 0 },
        histograms: { firstByte: histogram(2.2, 1000), eventDelay: histogram(1.1, 20_000) },
      };
    case 'slow-clients':
      return {
        figures: { slowConnections: 1000, errors: 0 },
        histograms: { latencyBeside: histogram(1.3, 12_000) },
      };
    case 'reload':
      return {
        figures: { errors: one.name === 'caddy' ? near(9) : 0, reloads: 5 },
        histograms: { latency: histogram(1.4, 16_000) },
      };
    case L0:
      return l0Round(one, random);
    default:
      return {
        figures: {
          errorsAfterKill: near(140),
          recoveryMs: near(one.name === 'fastify' ? 2100 : 480),
        },
        histograms: {},
      };
  }
}

/** A round of the original score's scenarios. */
function l0Round(
  one: FixtureTarget,
  random: Random,
): Pick<ScenarioRecord, 'figures' | 'histograms'> {
  const figures: Record<string, number> = {};
  const histograms: Record<string, string> = {};
  for (const scenario of L0_SCENARIOS) {
    figures[l0Figures.due(scenario)] = 1000;
    figures[l0Figures.right(scenario)] = 1000;
    figures[l0Figures.elapsed(scenario)] = 5000;
    histograms[scenario] = fixtureHistogram(one.latencyUs, 1000, random);
  }
  return { figures, histograms };
}

const SCENARIOS = ['churn', 'sse', 'slow-clients', 'reload', 'upstream-kill', L0] as const;

function scenarioRecords(plan: FixturePlan, random: Random): ScenarioRecord[] {
  const able = plan.targets.filter(
    (one) => one.unavailable === undefined && one.answers404 !== true && one.cpuUs !== null,
  );
  const records: ScenarioRecord[] = [];
  for (const scenario of SCENARIOS) {
    for (let round = 1; round <= Math.min(3, plan.rounds); round += 1) {
      for (const one of able) {
        records.push({
          kind: 'scenario',
          at: instant(plan, 90 + records.length / 4),
          round,
          target: one.name,
          tier: 'pass',
          scenario,
          seconds: 6,
          ...scenarioFigures(scenario, one, random),
          cpuUsPerRequest: cpuOf(plan, one, 'pass', 0) * 1.2,
          memoryPeakBytes: Math.round(one.memoryBytes * 1.3),
          ...circumstances(0, random, true),
        });
      }
    }
  }
  return records;
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
