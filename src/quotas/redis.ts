/**
 * Connections to Redis: to one server, to the primary that sentinels name, or to a cluster.
 *
 * A connection never mends itself: what fails ends it, and who uses it opens another. So no command waits in a queue
 * for a server that is gone, and a new primary is found the same way as the first.
 * Bounds: `connectMs` to connect, `timeoutMs` for all answers of one call.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import {
  type CommandParser,
  createClient,
  createCluster,
  defineScript,
  type RedisClusterOptions,
} from '@redis/client';

import { type Address, parseAddress } from '../config/address.ts';
import type { Model } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { GRACE_MS } from './contributions.ts';
import { end, within } from './patience.ts';
import { findPrimary } from './sentinel.ts';
import { COUNT_SCRIPT, type Counted, keyOf, type Report, type Store } from './store.ts';

export type RedisOptions = NonNullable<NonNullable<Model['quotas']>['redis']>;

type Credentials = RedisOptions['credentials'];
type Socket = NonNullable<NonNullable<RedisClusterOptions['defaults']>['socket']>;
type Ping = () => Promise<unknown>;

const DEFAULT_PORT = 6379;

const count = defineScript({
  SCRIPT: COUNT_SCRIPT,
  NUMBER_OF_KEYS: 1,
  IS_READ_ONLY: false,
  parseCommand(parser: CommandParser, prefix: string, report: Report): void {
    parser.pushKey(keyOf(prefix, report));
    const expiresMs = Math.ceil(report.windowEndMs + GRACE_MS);
    parser.push(report.field, String(report.amount), String(expiresMs));
  },
  transformReply: countedOf,
});

/** What both kinds of client can do. */
interface Client {
  count(prefix: string, report: Report): Promise<Counted>;
  destroy(): void;
}

/** Rejects when nobody answers in time, or not as asked: with a reason for people, without secrets. */
export async function openRedis(options: RedisOptions): Promise<Store> {
  const { client, ping } =
    options.cluster === null ? await openServer(options) : await openCluster(options);
  const { keyPrefix, timeoutMs } = options;
  return {
    report: async (reports) => {
      const sent = reports.map((report) => client.count(keyPrefix, report));
      return countedAmong(await within(timeoutMs, Promise.allSettled(sent)));
    },
    ping: async () => {
      await within(timeoutMs, ping());
    },
    close: () => end(client),
  };
}

function countedAmong(
  settled: readonly PromiseSettledResult<Counted>[],
): readonly (Counted | null)[] {
  const counted = settled.map((one) => (one.status === 'fulfilled' ? one.value : null));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined && counted.every((one) => one === null)) throw failed.reason;
  return counted;
}

async function openServer(options: RedisOptions): Promise<{ client: Client; ping: Ping }> {
  const { database, credentials, sentinel, connectMs } = options;
  const at = sentinel === null ? serverOf(options) : await primaryOf(options, sentinel);
  const client = createClient({
    ...to(options, credentials, at),
    database,
    scripts: { count },
  });
  await opened(client, connectMs, async () => {
    await client.ping();
    if (sentinel === null) return;
    // One that was put back may answer until it knows; what is written to it then is lost.
    const role = await client.sendCommand(['ROLE']);
    if (Array.isArray(role) && String(role[0]) === 'master') return;
    throw new Error('whom the sentinels name is no primary yet');
  });
  return { client, ping: () => client.ping() };
}

async function openCluster(options: RedisOptions): Promise<{ client: Client; ping: Ping }> {
  const { cluster, credentials, connectMs } = options;
  const client = createCluster({
    RESP: 2,
    rootNodes: (cluster ?? []).map((node) => to(options, credentials, addressOf(node))),
    defaults: to(options, credentials, null),
    scripts: { count },
  });
  await opened(client, connectMs);
  return { client, ping: () => client.sendCommand(undefined, true, ['PING']) };
}

function primaryOf(
  options: RedisOptions,
  { nodes, name, credentials }: NonNullable<RedisOptions['sentinel']>,
): Promise<Address> {
  return findPrimary(nodes.map(addressOf), name, {
    waitMs: options.connectMs,
    clientOf: (node) => createClient(to(options, credentials, node)),
  });
}

async function opened(
  client: Client & {
    on(event: 'error', listener: () => void): unknown;
    connect(): Promise<unknown>;
  },
  connectMs: number,
  andThen: () => Promise<void> = async () => {},
): Promise<void> {
  // What fails rejects a call as well; without a listener the event would end the process.
  client.on('error', () => {});
  try {
    await within(
      connectMs,
      client.connect().then(() => andThen()),
    );
  } catch (error) {
    end(client);
    throw error;
  }
}

/** Without what a client would do on its own: queue, connect again, tell the server about itself. */
function to(options: RedisOptions, credentials: Credentials, at: Address | null) {
  return {
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: socketOf(options, at),
    ...passwordOf(credentials),
  } as const;
}

function socketOf({ tls, connectMs }: RedisOptions, at: Address | null): Socket {
  const socket = { ...at, connectTimeout: connectMs, reconnectStrategy: false } as const;
  if (tls === null) return socket;
  const { ca, cert, key, serverName } = tls;
  return {
    ...socket,
    tls: true,
    ...(serverName === null ? {} : { servername: serverName }),
    ...(ca === null ? {} : { ca: readFileSync(ca) }),
    ...(cert === null ? {} : { cert: readFileSync(cert) }),
    ...(key === null ? {} : { key: readFileSync(key) }),
  };
}

/** Read at every connection, so that a new password counts from the next one on. */
function passwordOf(credentials: Credentials): { username?: string; password?: string } {
  if (credentials === null) return {};
  const { username, passwordFile, passwordEnv } = credentials;
  const password =
    passwordFile === null
      ? process.env[passwordEnv ?? '']
      : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
  if (password === undefined) throw new Error(`environment variable ${passwordEnv} is not set`);
  return { ...(username === null ? {} : { username }), password };
}

function serverOf({ url }: RedisOptions): Address {
  const { hostname, port } = new URL(url ?? '');
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || DEFAULT_PORT) };
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new GatewayError('internal', `not host:port: ${text}`);
  return address;
}

function countedOf(reply: unknown): Counted {
  const [total, before] = Array.isArray(reply) ? reply.map(Number) : [];
  if (Number.isSafeInteger(total) && Number.isSafeInteger(before)) {
    return { total: total ?? 0, before: before ?? 0 };
  }
  throw new Error('Redis answered with no count');
}
