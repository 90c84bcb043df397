/** What is left of an input where only some of its members count. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { PolicyInput } from '../input.ts';
import { projectionOf } from './projection.ts';

const INPUT: PolicyInput = {
  version: 1,
  request: {
    id: '01JD',
    method: 'GET',
    scheme: 'https',
    host: 'api.test',
    path: '/orders/7',
    segments: ['orders', '7'],
    query: { a: ['1'] },
    headers: { 'x-plan': 'gold', accept: '*/*' },
    body: null,
  },
  route: { name: 'orders' },
  consumer: null,
  tenant: 'acme',
  plan: 'gold',
  claims: { scope: 'read', realm: { roles: ['admin'] } },
  client: { ip: '192.0.2.7', certificate: null },
};

function projected(...members: string[]): unknown {
  return JSON.parse(projectionOf(members)(INPUT));
}

describe('a projection', () => {
  it('has what is named, in its place, and the version', () => {
    assert.deepEqual(projected('tenant', 'request.headers.x-plan', 'claims.realm.roles'), {
      version: 1,
      tenant: 'acme',
      request: { headers: { 'x-plan': 'gold' } },
      claims: { realm: { roles: ['admin'] } },
    });
  });

  it('has all of a member that is also named by one of its parts', () => {
    assert.deepEqual(projected('claims.scope', 'claims'), { version: 1, claims: INPUT.claims });
  });

  it('says that a member is null, and nothing of one that is not there', () => {
    assert.deepEqual(projected('consumer.name', 'claims.sub', 'request.headers.x-none'), {
      version: 1,
      consumer: null,
      claims: {},
      request: { headers: {} },
    });
  });

  it('has nothing of what only looks like an object, nor of what every object has', () => {
    assert.deepEqual(projected('request.segments.length', 'claims.constructor'), {
      version: 1,
      request: {},
      claims: {},
    });
  });

  it('is the same text however the members are ordered in the input', () => {
    const { version, request, ...others } = INPUT;
    const text = projectionOf(['tenant', 'route.name', 'request.method']);
    assert.equal(text({ ...others, request, version }), text(INPUT));
  });
});
