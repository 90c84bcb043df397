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
  const text = `version: 1\nquotas: { redis: { ${yaml} } }`;
  const loaded = parseConfig(text, { file: 'test.yaml', baseDir, env: {} });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.ok(loaded.model.quotas.redis !== null);
  return loaded.model.quotas.redis;
}
