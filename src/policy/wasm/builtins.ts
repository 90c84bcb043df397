/**
 * The built-in functions of Rego that WebAssembly modules leave to their host.
 *
 * Those that reach out (`http.send`, `net.*`), guess (`rand.*`, `uuid.*`) or need a parser of their own
 * are not here; a policy that calls one is refused when it is loaded. A function that throws is
 * undefined in the policy. Results that are `bigint` are numbers of the policy.
 * Source: openpolicyagent.org/docs/policy-reference/builtins.
 *
 * @module
 */

import { createHash, createHmac } from 'node:crypto';

import { sprintf } from './sprintf.ts';

type Builtin = (...values: never[]) => unknown;

const NS_PER_MS = 1_000_000;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export const BUILTINS: Readonly<Record<string, Builtin>> = {
  sprintf,
  'time.now_ns': () => BigInt(Date.now()) * BigInt(NS_PER_MS),
  'time.parse_rfc3339_ns': parseTime,
  'time.date': (ns: number) => {
    const time = utc(ns);
    return [time.getUTCFullYear(), time.getUTCMonth() + 1, time.getUTCDate()];
  },
  'time.clock': (ns: number) => {
    const time = utc(ns);
    return [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()];
  },
  'time.weekday': (ns: number) => DAYS[utc(ns).getUTCDay()],
  'crypto.md5': (text: string) => digest('md5', text),
  'crypto.sha1': (text: string) => digest('sha1', text),
  'crypto.sha256': (text: string) => digest('sha256', text),
  'crypto.hmac.sha256': (text: string, key: string) => hmac('sha256', text, key),
  'crypto.hmac.sha512': (text: string, key: string) => hmac('sha512', text, key),
  'hex.encode': (text: string) => Buffer.from(text).toString('hex'),
  'hex.decode': decodeHex,
  'urlquery.encode': (text: string) => new URLSearchParams([['', text]]).toString().slice(1),
  'urlquery.decode': (text: string) => decodeURIComponent(text.replaceAll('+', ' ')),
};

/** UTC only: the form of these functions with a time zone is undefined. */
function utc(ns: unknown): Date {
  if (typeof ns !== 'number') throw new TypeError('times are nanoseconds');
  return new Date(Math.floor(ns / NS_PER_MS));
}

/** Source: RFC 3339 §5.6. */
function parseTime(text: string): bigint {
  const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(text);
  const [, time = '', fraction = '', zone = ''] = form ?? [];
  const ms = Date.parse(`${time}${zone}`.toUpperCase());
  if (Number.isNaN(ms)) throw new Error('not an RFC 3339 time');
  return BigInt(ms) * BigInt(NS_PER_MS) + BigInt(fraction.padEnd(9, '0'));
}

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}

function hmac(algorithm: string, text: string, key: string): string {
  return createHmac(algorithm, key).update(text).digest('hex');
}

function decodeHex(text: string): string {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new Error('not hexadecimal');
  return Buffer.from(text, 'hex').toString();
}
