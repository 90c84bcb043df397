/**
 * The plan of a run, once: the types, the JSON Schema (`schema/arena-plan.json`) and every check of
 * a value come from here.
 *
 * Everything is bounded, so that a plan with a slip in it can't keep a machine busy for a week.
 *
 * @module
 */

import * as z from 'zod';

import { whole } from '../../src/config/schema/fields.ts';
import { SCENARIOS } from '../adapters/manifest.ts';
import { SCORES } from '../score/scenarios.ts';
import { TIERS } from '../tiers/tiers.ts';

const BODY_MAX_BYTES = 16 << 20;
const CONNECTIONS_MAX = 10_000;
const RATE_MAX_PER_S = 1_000_000;
const WINDOW_MAX_S = 600;

/** Also a folder's name, a label of a metric and an anchor in a page. */
const Name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{0,63}$/,
    'a name is 1 to 64 small letters, digits, "." and "-", and starts with a letter or digit',
  );

/** As `taskset --cpu-list` takes them. */
const Cores = z
  .string()
  .regex(
    /^\d{1,4}(?:-\d{1,4})?(?:,\d{1,4}(?:-\d{1,4})?)*$/,
    'cores are written as taskset has them: "0", "0-3" or "0,2"',
  );

const Connections = whole(1, CONNECTIONS_MAX).default(64);
const Seconds = z.number().min(0.05).max(WINDOW_MAX_S).default(2);

const CapacityLoad = z.strictObject({
  capacity: z
    .strictObject({
      connections: Connections.describe('Connections, each with one request at a time.'),
      seconds: Seconds.describe('Length of a window.'),
    })
    .describe('As many requests as the target answers: finds its capacity.'),
});

const RateLoad = z.strictObject({
  rate: z
    .strictObject({
      perS: z
        .number()
        .min(1)
        .max(RATE_MAX_PER_S)
        .optional()
        .describe('Requests a second, the same for every target.'),
      capacityShare: z
        .number()
        .min(0.01)
        .max(1)
        .optional()
        .describe('The rate as a share of what the target was found to answer.'),
      connections: Connections.describe('Connections that the requests are spread over.'),
      seconds: Seconds.describe('Length of a window.'),
      arrivals: z
        .enum(['poisson', 'constant'])
        .default('poisson')
        .describe('How the moments at which requests are due are spread.'),
    })
    .describe('Requests are due at moments of a constant mean rate, whatever the answers do.'),
});

export const Plan = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    name: Name.describe('What the run is called: in its id, in the report.'),
    driver: z
      .enum(['auto', 'native', 'autocannon'])
      .default('auto')
      .describe('Load generator; `auto` is the native one where it is built.'),
    targets: z
      .array(Name)
      .min(1)
      .max(64)
      .describe('Folders of `arena/targets`; `direct` is always measured beside them.'),
    tiers: z
      .array(z.enum(TIERS))
      .min(1)
      .max(TIERS.length)
      .default(['pass', 'key', 'full'])
      .describe('The jobs that targets are compared in.'),
    bodies: z
      .array(whole(0, BODY_MAX_BYTES))
      .min(1)
      .max(8)
      .default([1024])
      .describe('Sizes of the answers, in bytes.'),
    workers: whole(1, 64).default(1).describe('Workers or threads of every target.'),
    cores: z
      .strictObject({
        target: Cores.default('0').describe('Cores of the target.'),
        load: Cores.default('1').describe('Cores of the load generator and the upstream.'),
      })
      .prefault({})
      .describe('Which cores are used, as taskset names them.'),
    loads: z
      .array(z.union([CapacityLoad, RateLoad]))
      .min(1)
      .max(12)
      .prefault([{ capacity: {} }, { rate: { capacityShare: 0.5 } }])
      .describe('What each target is put under, in each tier, for each body.'),
    scenarios: z
      .array(z.enum(SCENARIOS))
      .max(SCENARIOS.length)
      .default([])
      .describe('What is no plain load; only for targets that say they offer it.'),
    scores: z
      .array(z.enum(SCORES))
      .max(SCORES.length)
      .default([])
      .describe('Scores whose own loads are played, as scenarios are, on every target.'),
    scoreShare: z
      .number()
      .min(0.001)
      .max(1)
      .default(1)
      .describe('The part of those loads that is played; a score of less than 1 is a trial only.'),
    scenarioTier: z
      .enum(TIERS)
      .default('pass')
      .describe('The tier that scenarios and scores are run in; one of `tiers`.'),
    scenarioRounds: whole(1, 1000)
      .default(3)
      .describe('Rounds that scenarios and scores are run in; `rounds` at most.'),
    rounds: whole(1, 1000).default(4).describe('How often everything is measured.'),
    warmUp: z
      .strictObject({
        maxS: z.number().min(0.1).max(300).default(10).describe('Ends it, flat or not.'),
        flatWithin: z
          .number()
          .min(0.001)
          .max(1)
          .default(0.05)
          .describe('Spread of CPU a request over three windows that counts as flat, as a share.'),
      })
      .prefault({})
      .describe('Load before what is measured, until the CPU time of a request is flat.'),
    seed: whole(0, 2 ** 32 - 1)
      .optional()
      .describe('Of the order and of arrivals; without one, a new one each run, which is kept.'),
    limits: z
      .strictObject({
        memoryBytes: whole(16 << 20, 2 ** 40)
          .default(1 << 30)
          .describe('Memory that a container may have.'),
      })
      .prefault({})
      .describe('What a target may use.'),
    schedule: z
      .strictObject({
        cron: z.string().min(1).max(200).default('*/30 * * * *').describe('When; cron expression.'),
        retentionDays: whole(1, 3650).default(90).describe('Days that results are kept.'),
        busyLoadMax: z
          .number()
          .min(0)
          .max(1024)
          .default(0.5)
          .describe('Load average above which a run is skipped.'),
      })
      .prefault({})
      .describe('For `stoa-arena schedule`.'),
  })
  .meta({ title: 'Plan of a Gateway Arena run' });

export type Plan = z.output<typeof Plan>;
export type Scenario = Plan['scenarios'][number];
export type PlannedLoad = Plan['loads'][number];
