/**
 * The Redis in which gateways share what each admitted of a quota.
 *
 * Passwords stand in a file or in the environment and are read when a connection is made: they are never part of the
 * configuration.
 *
 * @module
 */

import * as z from 'zod';

import { AddressText, duration, whole } from './fields.ts';

const FilePath = z.string().min(1).max(4096);

const Credentials = z
  .strictObject({
    username: z
      .string()
      .min(1)
      .max(256)
      .nullable()
      .default(null)
      .describe('ACL user; without it, `default`.'),
    passwordFile: FilePath.nullable()
      .default(null)
      .describe('File that holds the password; a line break at its end does not count.'),
    passwordEnv: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]{0,127}$/, 'the name of an environment variable, in capitals')
      .nullable()
      .default(null)
      .describe('Name of the environment variable that holds the password.'),
  })
  .refine(
    ({ passwordFile, passwordEnv }) => (passwordFile === null) !== (passwordEnv === null),
    'exactly one of passwordFile and passwordEnv is needed',
  );

const Tls = z.strictObject({
  ca: FilePath.nullable()
    .default(null)
    .describe('File of the authorities to believe; without it, the system’s.'),
  cert: FilePath.nullable().default(null).describe('File of the client certificate.'),
  key: FilePath.nullable().default(null).describe('File of its key.'),
  serverName: z
    .string()
    .min(1)
    .max(253)
    .nullable()
    .default(null)
    .describe('Name that the server’s certificate must have; without it, that of the address.'),
});

const Nodes = z.array(AddressText).min(1).max(64);

const Sentinel = z.strictObject({
  name: z.string().min(1).max(256).describe('What the sentinels call the primary.'),
  nodes: Nodes.describe('Sentinels, `host:port`; the first that answers is believed.'),
  credentials: Credentials.nullable()
    .default(null)
    .describe('Who the gateway is to the sentinels.'),
});

export const QuotaStore = z
  .strictObject({
    url: z
      .string()
      .max(2048)
      .superRefine((text, context) => {
        const message = redisUrlProblem(text);
        if (message !== null) context.addIssue({ code: 'custom', message });
      })
      .nullable()
      .default(null)
      .describe('One server: `redis://host:port`, or `rediss://` for TLS.'),
    sentinel: Sentinel.nullable()
      .default(null)
      .describe('In place of `url`: sentinels, which name the primary.'),
    cluster: Nodes.nullable()
      .default(null)
      .describe('In place of `url`: nodes of a cluster to begin with, `host:port`.'),
    credentials: Credentials.nullable().default(null).describe('Who the gateway is to Redis.'),
    database: whole(0, 65_535).default(0).describe('Number of the database; a cluster has 0 only.'),
    tls: Tls.nullable()
      .default(null)
      .describe('TLS to servers, sentinels and nodes; `{}` for defaults.'),
    keyPrefix: z
      .string()
      .max(128)
      .regex(/^[\x21-\x7e]*$/, 'visible ASCII characters only')
      .default('stoa:quota:')
      .describe('What every key begins with; the same on all gateways that share.'),
    syncMs: whole(10, 60_000)
      .default(100)
      .describe('Between two rounds of telling what was admitted and asking for totals.'),
    timeoutMs: duration()
      .max(60_000)
      .default(500)
      .describe('Longest wait for the answers of a round; longer is unavailable.'),
    connectMs: duration().max(60_000).default(2000).describe('Longest wait for a connection.'),
    whenUnavailable: z
      .enum(['local', 'deny', 'allow'])
      .default('local')
      .describe(
        'While it can’t be reached: `local` goes on with what was last heard, `deny` refuses (503), `allow` admits all.',
      ),
  })
  .describe('A Redis in which several gateways share their counts.');

/** What is wrong with the URL of a server, or null. Never repeats the URL: it may hold a secret. */
function redisUrlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'not a URL; expected the form redis://host:port';
  const { protocol, username, password, hostname, pathname, search, hash } = new URL(text);
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    return 'expected the scheme redis:// or rediss://';
  if (username !== '' || password !== '') {
    return 'a user name or password is not allowed here; put them into credentials';
  }
  if (hostname === '') return 'expected the form redis://host:port';
  if (/^\/?$/.test(pathname) && search === '' && hash === '') return null;
  return 'only scheme, host and port are allowed; the number of the database is database';
}
