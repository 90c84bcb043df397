/**
 * What is left of a configuration when the parts that were found wrong are taken out, so that the
 * rest can be checked further and one run tells everything.
 *
 * What others refer to by name, or need, is replaced by something harmless instead of taken out,
 * and positions in lists stay: a mistake is told once, without those that would follow from it.
 *
 * @module
 */

import { keysAt } from './json-schema.ts';
import type { Finding, Path } from './problem.ts';
import { nearest } from './suggest.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** In place of a section; sections that are not here are left to their defaults. */
const SECTIONS: Mapping = {
  version: 1,
  listeners: [{ address: '127.0.0.1:0' }],
  admin: 'off',
  requestId: { header: 'x-stand-in' },
};
const ENDPOINTS = [{ url: 'http://127.0.0.1:1' }];
const ISSUER = { issuer: 'https://stand-in.invalid', audiences: 'any' };
const NO_KEYS = '/dev/null';
const ACTIONS = ['upstream', 'redirect', 'deny'];

/** A copy of `written` without what `wrong` is about. */
export function salvage(written: unknown, wrong: readonly Finding[]): unknown {
  return isMapping(written)
    ? wrong.flatMap((finding) => pathsOf(finding, written)).reduce(without, written)
    : written;
}

/** Those of `later` that are no consequence of what `earlier` found. */
export function unrelated(later: readonly Finding[], earlier: readonly Finding[]): Finding[] {
  // A route that was wrong as a whole was given an action, and the rest of it is as it was written.
  const parts = earlier.filter(({ path }) => !(path[0] === 'routes' && path.length === 2));
  return later.filter(({ path }) => !parts.some((part) => isWithin(path, part.path)));
}

export function isWithin(path: Path, outer: Path): boolean {
  return outer.every((step, index) => path[index] === step);
}

/** What is wrong is the value; or a key, which may have been meant to be another. */
function pathsOf({ path, at }: Finding, written: Mapping): Path[] {
  const key = path.at(-1);
  if (at !== 'key' || typeof key !== 'string') return [path];
  const around = path.slice(0, -1);
  const meant = nearest(key, keysAt(around));
  const other = around.length === 0 && written['upstreams'] === undefined ? 'upstreams' : undefined;
  const sibling = meant ?? other;
  return sibling === undefined ? [path] : [path, [...around, sibling]];
}

function without(config: Mapping, path: Path): Mapping {
  const [section, member, ...rest] = path;
  if (typeof section !== 'string') return config;
  if (section === 'upstreams') return { ...config, upstreams: upstreamsOf(config, member, rest) };
  if (section === 'consumers') {
    return { ...config, consumers: consumersOf(config[section], member, rest) };
  }
  if (section === 'identity' && member === 'issuers') {
    return { ...config, identity: identityOf(config[section], rest[0]) };
  }
  if (section === 'routes' || section === 'apiKeyFiles') {
    const instead = (item: unknown): unknown =>
      section === 'routes' ? routeOf(item, Number(member), rest) : NO_KEYS;
    return { ...config, [section]: listOf(config[section], member, instead) };
  }
  return withMember(config, section, SECTIONS[section]);
}

function upstreamsOf(config: Mapping, name: Path[number] | undefined, [key]: Path): Mapping {
  const upstreams = config['upstreams'];
  const stand = { endpoints: ENDPOINTS };
  if (!isMapping(upstreams) || name === undefined) {
    return Object.fromEntries(namesIn(config['routes']).map((used) => [used, stand]));
  }
  const upstream = upstreams[name];
  if (!isMapping(upstream) || key === undefined) return { ...upstreams, [name]: stand };
  const endpoints = key === 'endpoints' ? ENDPOINTS : undefined;
  return { ...upstreams, [name]: withMember(upstream, String(key), endpoints) };
}

/** Every text in a route's `upstream`: names of upstreams, if anything. */
function namesIn(routes: unknown): string[] {
  const chosen = Array.isArray(routes)
    ? routes.map((route: unknown) => memberOf(route, 'upstream'))
    : [];
  const named = chosen.flatMap((choice) =>
    Array.isArray(choice) ? choice.map((share: unknown) => memberOf(share, 'name')) : [choice],
  );
  return named.filter((name) => typeof name === 'string');
}

/** Nobody refers to a consumer, so it can go; but its tenant is compared with the files of keys. */
function consumersOf(consumers: unknown, name: Path[number] | undefined, [key]: Path): Mapping {
  if (!isMapping(consumers) || name === undefined) return {};
  const consumer = consumers[name];
  const kept = isMapping(consumer) && key === 'apiKeys' ? { ...consumer, apiKeys: [] } : undefined;
  return withMember(consumers, String(name), kept);
}

/** Routes refer to issuers by name, and ask them for audiences. */
function identityOf(identity: unknown, name: Path[number] | undefined): unknown {
  const issuers = memberOf(identity, 'issuers');
  if (!isMapping(identity) || !isMapping(issuers) || name === undefined) return undefined;
  return { ...identity, issuers: { ...issuers, [name]: ISSUER } };
}

function listOf(
  list: unknown,
  position: Path[number] | undefined,
  instead: (item: unknown) => unknown,
): unknown[] {
  if (!Array.isArray(list) || position === undefined) return [];
  return list.map((item: unknown, index) => (index === position ? instead(item) : item));
}

function routeOf(route: unknown, index: number, [key, part]: Path): Mapping {
  const name = `stand-in:${index}`;
  if (!isMapping(route)) return { name, deny: true };
  if (key === undefined) return { ...withoutAction(route), deny: true };
  if (key === 'name') return { ...route, name };
  if (key === 'auth') return { ...route, auth: { apiKey: {} } };
  if (key === 'match' && isMapping(route['match']) && part !== undefined) {
    return { ...route, match: withMember(route['match'], String(part), undefined) };
  }
  const rest = withMember(route, String(key), undefined);
  const acts = ACTIONS.some((action) => rest[action] !== undefined);
  return acts || !ACTIONS.includes(String(key)) ? rest : { ...rest, deny: true };
}

function withoutAction(route: Mapping): Mapping {
  return Object.fromEntries(Object.entries(route).filter(([key]) => !ACTIONS.includes(key)));
}

/** With `value` in place of a member, or without the member. */
function withMember(mapping: Mapping, key: string, value: unknown): Mapping {
  const others = Object.entries(mapping).filter(([other]) => other !== key);
  return Object.fromEntries(value === undefined ? others : [...others, [key, value]]);
}

function memberOf(value: unknown, key: string): unknown {
  return isMapping(value) ? value[key] : undefined;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
