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
}

const ADDRESS_DEFAULT = '127.0.0.1:8080';

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

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
