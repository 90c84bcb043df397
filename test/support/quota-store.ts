/**
 * What the configuration makes of the keys of `quotas.redis`.
 *
 * @module
 */

import assert from 'node:assert/strict';

import { parseConfig } from '../../src/config/load.ts';
import type { RedisOptions } from '../../src/quotas/redis.ts';

/** `yaml` is what stands between the braces; files in it are relative to `baseDir`. */
export function optionsOf(yaml: string, baseDir = '/'): RedisOptions {
  const plans = '{ plan: { quotas: [{ requests: 1, per: day }] } }';
  const text = `version: 1\nplans: ${plans}\nquotas: { redis: { ${yaml} } }`;
  const loaded = parseConfig(text, { file: 'test.yaml', baseDir, env: {} });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const redis = loaded.model.quotas?.redis ?? null;
  assert.ok(redis !== null);
  return redis;
}
