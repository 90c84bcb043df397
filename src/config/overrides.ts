/**
 * Settings that win over the file: a command's flags, and the environment behind them.
 *
 * @module
 */

import { formatAddress, parseAddress } from './address.ts';

/** Whoever fills this in has checked each value; an absent one leaves the file as it is. */
export interface Overrides {
  readonly mode?: string | undefined;
  /** Port of the first listener; the host stays. */
  readonly port?: number | undefined;
  /** Host of the first listener; the port stays. */
  readonly host?: string | undefined;
  readonly workers?: number | 'auto' | undefined;
  /** Whether usage is metered. */
  readonly metering?: boolean | undefined;
  /** Where OPA is: the source of the policy `default`. */
  readonly opaEndpoint?: string | undefined;
  /** Every route that names no policy asks `default`. False takes nothing away that the file says. */
  readonly opaEnabled?: boolean | undefined;
}

const ADDRESS_DEFAULT = '127.0.0.1:8080';
const OPA_URL_DEFAULT = 'http://127.0.0.1:8181';
const POLICY_DEFAULT = 'default';

/** A copy of the written configuration with the overrides in it; not a mapping, not touched. */
export function applyOverrides(written: unknown, overrides: Overrides): unknown {
  if (!isMapping(written)) return written;
  const { mode, workers, metering } = overrides;
  const meteringWritten = written['metering'];
  return {
    ...written,
    ...(mode === undefined ? {} : { mode }),
    ...(workers === undefined ? {} : { workers }),
    ...(metering === undefined
      ? {}
      : {
          metering: { ...(isMapping(meteringWritten) ? meteringWritten : {}), enabled: metering },
        }),
    ...listenersOf(written['listeners'], overrides),
    ...policiesOf(written, overrides),
  };
}

function listenersOf(written: unknown, { host, port }: Overrides): { listeners?: unknown } {
  if (host === undefined && port === undefined) return {};
  const listeners: readonly unknown[] =
    Array.isArray(written) && written.length > 0 ? written : [{}];
  const [first, ...others] = listeners;
  if (!isMapping(first)) return {};
  const text = first['address'] ?? ADDRESS_DEFAULT;
  const address = typeof text === 'string' ? parseAddress(text) : null;
  // A wrong address in the file is told as such, not covered up.
  if (address === null) return {};
  const moved = formatAddress({ host: host ?? address.host, port: port ?? address.port });
  return { listeners: [{ ...first, address: moved }, ...others] };
}

function policiesOf(
  written: Readonly<Record<string, unknown>>,
  { opaEndpoint, opaEnabled = false }: Overrides,
): Readonly<Record<string, unknown>> {
  if (opaEndpoint === undefined && !opaEnabled) return {};
  const defaultPolicy = written['defaultPolicy'] ?? POLICY_DEFAULT;
  const policies = written['policies'] ?? {};
  // What is wrong in the file is told as such, not covered up.
  if (!isMapping(policies)) return { defaultPolicy };
  const earlier = policies[POLICY_DEFAULT];
  const isGiven = earlier !== undefined || defaultPolicy !== POLICY_DEFAULT;
  if (opaEndpoint === undefined && isGiven) return { defaultPolicy };
  const source = { opa: { url: opaEndpoint ?? OPA_URL_DEFAULT } };
  const settings = isMapping(earlier) ? earlier : {};
  return { defaultPolicy, policies: { ...policies, [POLICY_DEFAULT]: { ...settings, source } } };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
