/**
 * Who is primary, as sentinels know it: the first that answers is believed.
 *
 * Bounds: one sentinel asked at a time, each for as long as its connection's options allow.
 * Source: https://redis.io/docs/latest/develop/reference/sentinel-clients/.
 *
 * @module
 */

import type { createClient } from '@redis/client';

import { type Address, formatAddress } from '../config/address.ts';
import { describeError } from '../telemetry/log.ts';
import { end, within } from './patience.ts';

type Sentinel = Pick<ReturnType<typeof createClient>, 'on' | 'connect' | 'sendCommand' | 'destroy'>;

/** `waitMs` for each sentinel. Rejects with what each said when none knows a primary of that name. */
export async function findPrimary(
  nodes: readonly Address[],
  name: string,
  ask: { readonly waitMs: number; readonly clientOf: (node: Address) => Sentinel },
): Promise<Address> {
  const reasons: string[] = [];
  for (const node of nodes) {
    const client = ask.clientOf(node);
    client.on('error', () => {});
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first is nearly always it
      const primary = await within(ask.waitMs, primaryFrom(client, name));
      if (primary !== null) return primary;
      reasons.push(`${formatAddress(node)} does not know it`);
    } catch (error) {
      reasons.push(`${formatAddress(node)}: ${describeError(error)}`);
    } finally {
      end(client);
    }
  }
  throw new Error(`no sentinel names a primary of "${name}": ${reasons.join('; ')}`);
}

async function primaryFrom(client: Sentinel, name: string): Promise<Address | null> {
  await client.connect();
  const reply = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
  if (!Array.isArray(reply)) return null;
  const [host, port] = reply.map(String);
  return host === undefined || !(Number(port) > 0) ? null : { host, port: Number(port) };
}
