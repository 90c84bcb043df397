/**
 * One table of policies and inputs; a bundle in threads, a running OPA and the embedded interpreter
 * decide the same.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { PolicyInput } from '../../src/policy/input.ts';
import { openPolicies, type Policies } from '../../src/policy/policies.ts';
import { buildBundle, type OpaServer, opaMissing, startOpa } from '../support/opa.ts';
import { policyInput, policyModel } from '../support/policies.ts';

const RULES = join(import.meta.dirname, '../../../test/policy/rules');
const DATA = join(RULES, 'data.json');

/** `true` and `false` are plain decisions, `error` a failed evaluation; an object changes a plain one. */
type Expected = boolean | 'error' | Readonly<Record<string, unknown>>;
interface Case {
  readonly policy: string;
  readonly says: string;
  readonly input: PolicyInput;
  readonly expected: Expected;
}

const bob = policyInput({ consumer: { name: 'bob' } });
const SILENT = { allow: false, reason: 'undefined' };

function withBody(json: unknown): PolicyInput {
  const body = { sizeBytes: 10, tooLarge: false, json, text: null };
  return policyInput({ request: { method: 'POST', body } });
}

function withQuery(query: Record<string, string[]>): PolicyInput {
  return policyInput({ request: { query } });
}

function withScopes(scope: string): PolicyInput {
  return policyInput({ claims: { scope } });
}

// biome-ignore format: a table is read by row.
const CASES: readonly Case[] = [
  { policy: 'open', says: 'yes to all', input: bob, expected: true },
  { policy: 'closed', says: 'no to all', input: bob, expected: false },
  { policy: 'roles', says: 'yes to a role from data', input: policyInput({ request: { method: 'POST' } }), expected: true },
  { policy: 'roles', says: 'no without the role', input: { ...bob, request: { ...bob.request, method: 'POST' } }, expected: false },
  { policy: 'roles', says: 'no to a stranger', input: policyInput({ consumer: null }), expected: false },
  { policy: 'silent', says: 'yes where the rule holds', input: policyInput(), expected: true },
  { policy: 'silent', says: 'no where no rule says anything', input: bob, expected: SILENT },
  { policy: 'reasons', says: 'a reason and a status', input: bob, expected: { allow: false, status: 402, reason: 'acme has plan gold' } },
  { policy: 'reasons', says: 'no where the data are missing', input: { ...bob, tenant: 'nobody' }, expected: SILENT },
  { policy: 'headers', says: 'headers both ways', input: policyInput(), expected: { allow: true, upstreamHeaders: { 'x-plan': 'gold', 'x-debug': null }, downstreamHeaders: { 'x-policy': 'v1/orders' } } },
  { policy: 'obligations', says: 'obligations', input: withBody({ b: 1, a: 2 }), expected: { allow: true, obligations: { redact: { fields: ['a', 'b'] } } } },
  { policy: 'conflict', says: 'one answer of two rules', input: policyInput(), expected: true },
  { policy: 'conflict', says: 'an error where rules contradict', input: bob, expected: 'error' },
  { policy: 'text', says: 'an error for what is no decision', input: bob, expected: 'error' },
  { policy: 'stray', says: 'an error for a misspelt member', input: bob, expected: 'error' },
  { policy: 'builtins', says: 'what built-in functions say', input: policyInput(), expected: { allow: true, reason: 'abc 2 [2026, 1, 2]' } },
  { policy: 'fallible', says: 'yes to a small limit', input: withQuery({ limit: ['99'] }), expected: true },
  { policy: 'fallible', says: 'no where a function fails', input: withQuery({ limit: ['many'] }), expected: SILENT },
  { policy: 'segments', says: 'yes to the own tenant', input: policyInput({ request: { path: '/tenants/acme/keys' } }), expected: { allow: true, reason: 'own' } },
  { policy: 'segments', says: 'no to a foreign tenant', input: policyInput({ request: { path: '/tenants/zeta/keys' } }), expected: { allow: false, reason: 'foreign' } },
  { policy: 'scopes', says: 'yes with every scope', input: withScopes('orders:read orders:list x'), expected: { allow: true, reason: 'orders:list orders:read' } },
  { policy: 'scopes', says: 'no with one', input: withScopes('orders:read'), expected: { allow: false, status: 403, reason: 'scope' } },
  { policy: 'scopes', says: 'no without a token', input: policyInput(), expected: { allow: false, status: 403, reason: 'scope' } },
  { policy: 'body', says: 'yes to a small body', input: withBody({ lines: [{ price: 4, count: 5 }] }), expected: { allow: true, reason: 'total 20' } },
  { policy: 'body', says: 'no to a dear one', input: withBody({ lines: [{ price: 4, count: 50 }] }), expected: { allow: false, reason: 'total 200' } },
  { policy: 'body', says: 'yes to none, whose sum is 0', input: policyInput(), expected: { allow: true, reason: 'total 0' } },
];

const NAMES = [...new Set(CASES.map(({ policy }) => policy))];
const FILES = NAMES.map((name) => join(RULES, `${name}.rego`));

/** Each policy from `source`, with time enough for a busy machine. */
function policies(
  source: (name: string) => unknown,
  evaluate: 'pooled' | 'inline' = 'pooled',
): Record<string, unknown> {
  const settings = { timeoutMs: 5000, memoryMaxBytes: 16_777_216, evaluate };
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      { source: source(name), entrypoint: `cases/${name}/decision`, ...settings },
    ]),
  );
}

function describeEngine(
  name: string,
  skip: string | false,
  open: () => Promise<Record<string, unknown>>,
  close: (opened: Policies) => Promise<void> = async () => {},
): void {
  describe(name, { skip }, () => {
    let opened: Policies;
    before(async () => {
      opened = await openPolicies(policyModel(await open()));
    });
    after(async () => {
      await opened.close();
      await close(opened);
    });

    for (const { policy, says, input, expected } of CASES) {
      it(`${policy} says ${says}`, async () => {
        const evaluation = await opened.evaluate(policy, input);
        if (expected === 'error') {
          assert.equal(evaluation.kind === 'failed' && evaluation.why, 'error');
          return;
        }
        const changes = typeof expected === 'boolean' ? { allow: expected } : expected;
        const plain = { status: null, reason: null, upstreamHeaders: {}, downstreamHeaders: {} };
        const decision = { ...plain, obligations: {}, ...changes };
        assert.deepEqual(evaluation, { kind: 'decided', decision });
      });
    }
  });
}

const entrypoints = NAMES.map((name) => `cases/${name}/decision`);
const file = opaMissing === false ? buildBundle([...FILES, DATA], entrypoints) : '';
const regoSource = (name: string): unknown => ({
  rego: { files: [join(RULES, `${name}.rego`)], data: [DATA] },
});

describeEngine('a bundle in threads', opaMissing, async () => policies(() => ({ file })));

/** Every policy was answered in the asking thread at least once. */
async function wereInline(opened: Policies): Promise<void> {
  const elsewhere = Array.from(opened.counts()).filter(([, { inline }]) => inline === 0);
  assert.deepEqual(elsewhere, []);
}

describeEngine(
  'a bundle in the asking thread',
  opaMissing,
  async () => policies(() => ({ file }), 'inline'),
  wereInline,
);

// How many of these the pool answers is a matter of the machine's: the interpreter is bounded in time.
describeEngine('the embedded interpreter in the asking thread', false, async () =>
  policies(regoSource, 'inline'),
);

let server: OpaServer | undefined;
describeEngine(
  'a running OPA',
  opaMissing,
  async () => {
    const { url } = (server = await startOpa([...FILES, DATA]));
    return policies(() => ({ opa: { url } }));
  },
  async () => server?.stop(),
);

describeEngine('the embedded interpreter', false, async () => policies(regoSource));
