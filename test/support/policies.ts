/**
 * Policies as a configuration has them, and an input document to ask them with.
 *
 * @module
 */

import assert from 'node:assert/strict';

import { parseConfig } from '../../src/config/load.ts';
import type { Model } from '../../src/config/schema.ts';
import type { PolicyInput } from '../../src/policy/input.ts';

/** What the configuration makes of `policies`, which is written as a person would. */
export function policyModel(policies: Readonly<Record<string, unknown>>): Model {
  const text = JSON.stringify({ version: 1, policies });
  const loaded = parseConfig(text, { file: 'test', baseDir: '/', env: {} });
  assert.ok(loaded.ok, JSON.stringify(loaded.ok || loaded.problems));
  return loaded.model;
}

/** `GET /orders/7` by ann of acme, changed by `request` and the rest. */
export function policyInput({
  request = {},
  ...others
}: Partial<Omit<PolicyInput, 'request'>> & {
  readonly request?: Partial<PolicyInput['request']>;
} = {}): PolicyInput {
  const path = request.path ?? '/orders/7';
  return {
    version: 1,
    request: {
      id: '01JD',
      method: 'GET',
      scheme: 'https',
      host: 'api.test',
      path,
      segments: path.split('/').slice(1),
      query: {},
      headers: { 'content-type': 'application/json' },
      body: null,
      ...request,
    },
    route: { name: 'orders' },
    consumer: { name: 'ann' },
    tenant: 'acme',
    plan: null,
    claims: null,
    client: { ip: '192.0.2.7', certificate: null },
    ...others,
  };
}
