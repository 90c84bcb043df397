/**
 * What a made-up run consists of: for tests only.
 *
 * Eight targets: one unavailable, one that fails a probe; every tier, body and load.
 *
 * @module
 */

import type { Load } from '../results/records.ts';
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
