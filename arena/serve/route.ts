/**
 * Which thing a request asks for. Names of runs are the only part of an address that becomes part
 * of a path, and they hold neither slashes nor anything that leads upwards; nothing is decoded.
 *
 * Bound: addresses of 256 characters.
 *
 * @module
 */

import { isRunName } from '../schedule/layout.ts';

const TARGET_MAX = 256;

export type Route =
  | { readonly page: 'latest' | 'runs' | 'history' | 'metrics' | 'status' | 'live' }
  | { readonly page: 'report' | 'results' | 'run-without-slash'; readonly run: string };

const PAGES: ReadonlyMap<string, Route> = new Map([
  ['/', { page: 'latest' }],
  ['/runs', { page: 'runs' }],
  ['/history', { page: 'history' }],
  ['/metrics', { page: 'metrics' }],
  ['/status', { page: 'status' }],
  ['/health/live', { page: 'live' }],
] satisfies [string, Route][]);

/** What every answer to an unknown address names. */
export const ADDRESSES = [...PAGES.keys(), '/runs/ID/', '/runs/ID/results.jsonl'];

/** The route of a request's target in origin form; null when there is none. */
export function routeOf(target: string): Route | null {
  if (target.length > TARGET_MAX) return null;
  const [path = ''] = target.split('?', 1);
  const page = PAGES.get(path);
  if (page !== undefined) return page;
  const [, run = '', rest] = /^\/runs\/([^/]+)(\/results\.jsonl|\/)?$/.exec(path) ?? [];
  if (!isRunName(run)) return null;
  if (rest === undefined) return { page: 'run-without-slash', run };
  return { page: rest === '/' ? 'report' : 'results', run };
}
