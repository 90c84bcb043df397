/**
 * Addresses as they are written: `host:port` to bind, `http://host:port` to connect to.
 *
 * @module
 */

import { isIP } from 'node:net';

export interface Address {
  /** An IP address without brackets, or a name. */
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+)):(\d{1,5})$/;

/** Null when it is no address. `[::1]:80` has its brackets taken off. */
export function parseAddress(text: string): Address | null {
  const [, v6, name, digits] = ADDRESS.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return null;
  if (v6 !== undefined && isIP(v6) !== 6) return null;
  if (/^[\d.]+$/.test(host) && isIP(host) !== 4) return null;
  return { host, port };
}

/** The inverse of `parseAddress`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

// biome-ignore format: a table is read by column.
const URL_RULES: readonly (readonly [broken: (url: URL) => boolean, message: string])[] = [
  [({ protocol }) => protocol === 'https:', 'https:// to an upstream is not supported by this release; use http://'],
  [({ protocol }) => protocol !== 'http:', 'expected the scheme http://'],
  [({ username, password }) => username !== '' || password !== '', 'a user name or password is not allowed'],
  [({ port }) => port === '0', 'port 0 cannot be connected to'],
  [({ href, origin }) => href !== `${origin}/`, 'only scheme, host and port are allowed; a route changes paths by request.path'],
];

/** What is wrong with the URL of an endpoint, or null. Never repeats the URL: it may hold a secret. */
export function endpointUrlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'not a URL; expected the form http://host:port';
  const url = new URL(text);
  return URL_RULES.find(([broken]) => broken(url))?.[1] ?? null;
}

// biome-ignore format: a table is read by column.
const DOCUMENT_URL_RULES: readonly (readonly [broken: (url: URL) => boolean, message: string])[] = [
  [({ protocol }) => protocol !== 'https:' && protocol !== 'http:', 'expected the scheme https://'],
  [({ username, password }) => username !== '' || password !== '', 'a user name or password is not allowed'],
  [({ hash, href }) => hash !== '' || href.endsWith('#'), 'a fragment is not allowed'],
];

/** What is wrong with the URL of a document that is to be fetched, or null. Never repeats the URL. */
export function documentUrlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'not a URL; expected the form https://host/path';
  const url = new URL(text);
  return DOCUMENT_URL_RULES.find(([broken]) => broken(url))?.[1] ?? null;
}

/** A URL that somebody on the way could answer in place of whom it names: http, and not this machine. */
export function isForgeable(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** True for `10.0.0.0/8`, `2001:db8::/32` and single addresses. */
export function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}
