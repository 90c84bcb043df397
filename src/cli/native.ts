/**
 * The native addon, loaded when a command first needs it: `schema`, `keys` and `version` work
 * without one.
 *
 * @module
 */

import { GatewayError } from '../errors.ts';
import type * as stored from '../metering/stored-events.ts';
import type * as addon from '../native/addon.ts';
import type * as policies from '../policy/policies.ts';
import type * as start from '../supervisor/start.ts';

export async function loadAddon(): Promise<typeof addon> {
  return import('../native/addon.ts').catch(missing);
}

/** What reads the spool imports the addon, so it is loaded as late. */
export async function loadStoredEvents(): Promise<typeof stored> {
  return import('../metering/stored-events.ts').catch(missing);
}

/** The supervisor imports the addon, so it is loaded as late. */
export async function loadStart(): Promise<typeof start> {
  return import('../supervisor/start.ts').catch(missing);
}

/** Policies evaluate Rego natively. */
export async function loadPolicies(): Promise<typeof policies> {
  return import('../policy/policies.ts').catch(missing);
}

function missing(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  throw new GatewayError(
    'addon_missing',
    `the native part of the gateway cannot be loaded; "make build" builds it (${reason})`,
    { cause },
  );
}
