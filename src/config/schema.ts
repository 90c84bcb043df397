/**
 * The configuration, once. The TypeScript types, the JSON Schema (`schema/config.json`), the
 * reference page (`docs/reference/config.md`) and every check of a value come from here.
 *
 * Rules: every field has a `.describe()`; durations end in `Ms`, sizes in `Bytes`; no field is
 * without a value afterwards, so code that reads the configuration never branches on absence.
 *
 * @module
 */

import * as z from 'zod';

import { Consumer } from './schema/consumers.ts';
import { Name, whole } from './schema/fields.ts';
import { Identity } from './schema/identity.ts';
import { Listener } from './schema/listeners.ts';
import { Metering } from './schema/metering.ts';
import { Plan, Quotas, Tenant } from './schema/plans.ts';
import { Policy } from './schema/policy.ts';
import {
  AccessLog,
  DecisionLog,
  Admin,
  Drain,
  Forwarded,
  Limits,
  Paths,
  RequestId,
  Revocations,
  Supervision,
} from './schema/process.ts';
import { Route } from './schema/routes.ts';
import { Upstream } from './schema/upstreams.ts';
import type { Change } from './zones.ts';

/** Modes of the product; this release has the first. */
const MODES = ['proxy', 'sidecar', 'edge-mcp', 'shadow'] as const;

/** What is wrong with a mode, or null. */
export function modeProblem(mode: unknown): string | null {
  if (mode === 'proxy') return null;
  return MODES.some((known) => known === mode)
    ? `this release has mode "proxy" only; "${String(mode)}" comes later`
    : 'this release has mode "proxy" only';
}

export const Config = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    mode: z
      .enum(['proxy'], { error: (issue) => modeProblem(issue.input) ?? '' })
      .default('proxy')
      .describe('What the gateway is.'),
    workers: z
      .union([z.literal('auto'), whole(1, 256)])
      .default('auto')
      .describe('Worker processes; `auto` is one per core.'),
    listeners: z
      .array(Listener)
      .min(1)
      .max(16)
      .prefault([{}])
      .describe('Sockets that accept requests.'),
    admin: Admin.prefault({}),
    limits: Limits.prefault({}),
    paths: Paths.prefault({}),
    forwarded: Forwarded.prefault({}),
    requestId: RequestId.prefault({}),
    accessLog: AccessLog.prefault({}),
    decisionLog: DecisionLog.prefault({}),
    metering: Metering.prefault({}),
    quotas: Quotas.prefault({}),
    drain: Drain.prefault({}),
    supervision: Supervision.prefault({}),
    upstreams: z.record(Name, Upstream).default({}).describe('Backends, by name.'),
    consumers: z.record(Name, Consumer).default({}).describe('Who may call, by name.'),
    tenants: z.record(Name, Tenant).default({}).describe('What is said of tenants, by name.'),
    plans: z
      .record(Name, Plan)
      .refine((plans) => Object.keys(plans).length <= 1000, 'at most 1000 plans')
      .default({})
      .describe('What consumers and tenants may use, by name.'),
    defaultPlan: Name.nullable().default(null).describe('Plan of callers who have no other.'),
    apiKeyFiles: z
      .array(z.string().min(1).max(4096))
      .max(64)
      .default([])
      .describe('Files with many keys, one `sha256,consumer,tenant[,expires]` a line.'),
    revocations: Revocations.prefault({}),
    identity: Identity.prefault({}),
    policies: z
      .record(Name, Policy)
      .refine((policies) => Object.keys(policies).length <= 32, 'at most 32 policies')
      .default({})
      .describe('Policies in Rego that routes ask, by name; at most 32.'),
    defaultPolicy: Name.nullable()
      .default(null)
      .describe('Policy that every route asks which names none, but those that deny.'),
    routes: z.array(Route).max(200_000).default([]).describe('What is served.'),
  })
  .meta({ title: 'STOA Gateway configuration' });

/** What the schema makes of a file, before the machine and the file's folder come in. */
export type ValidConfig = z.output<typeof Config>;

type ValidRoute = ValidConfig['routes'][number];
type ValidConsumer = ValidConfig['consumers'][string];

/**
 * The resolved model: what every other part of the gateway, native code included, is given.
 *
 * Every default is filled in and every reference resolved; it holds no secret, only digests. Its
 * JSON is the contract with `native/core/src/model.rs`.
 */
export interface Model
  extends Omit<
    ValidConfig,
    'workers' | 'consumers' | 'defaultPolicy' | 'metering' | 'quotas' | 'routes'
  > {
  workers: number;
  /** Null when it is off. */
  metering: ValidConfig['metering'] | null;
  /** Null where no plan has one. */
  quotas: ValidConfig['quotas'] | null;
  /** When clocks change in the time zones that quotas name, but UTC. */
  zones: Record<string, readonly Change[]>;
  consumers: Record<string, Omit<ValidConsumer, 'tenant'> & { tenant: string }>;
  routes: (Omit<ValidRoute, 'upstream'> & { upstream: NonNullable<ValidRoute['upstream']> })[];
}
