/** `policy test`: decisions beside what was expected of them. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { runCli } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-policy-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

file(
  'authz.rego',
  `package authz

decision := {"allow": true, "headers": {"upstream": {"x-tenant": input.tenant}}} if {
	input.consumer.name == "ann"
	input.request.segments[0] == "orders"
}

decision := "nonsense" if input.consumer.name == "eve"
`,
);
const policy =
  '{ source: { rego: { files: [authz.rego] } }, entrypoint: authz/decision, timeoutMs: 5000 }';
const config = file('gateway.yaml', `version: 1\npolicies: { authz: ${policy} }\n`);

async function test(
  lines: readonly unknown[],
  ...words: string[]
): Promise<{ code: number; out: string; err: string }> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const inputs = file('inputs.jsonl', text.join('\n'));
  let out = '';
  let err = '';
  const code = await runCli(['policy', 'test', 'authz', inputs, '--config', config, ...words], {
    out: (said) => {
      out += said;
    },
    err: (said) => {
      err += said;
    },
    paint: (_, said) => said,
    readInput: () => Promise.resolve(''),
  });
  return { code, out, err };
}

const ANN = {
  consumer: { name: 'ann' },
  tenant: 'acme',
  plan: 'gold',
  request: { path: '/orders/7' },
};

describe('policy test', () => {
  it('ends with 0 when every decision is as expected', async () => {
    const { code, out } = await test([
      {
        name: 'ann',
        input: ANN,
        expect: { allow: true, headers: { upstream: { 'x-tenant': 'acme' }, downstream: {} } },
      },
      '',
      { input: {}, expect: { allow: false, reason: 'undefined' } },
      { name: 'eve', input: { consumer: { name: 'eve' } }, expect: { failure: 'error' } },
    ]);
    assert.equal(
      out,
      'passed ann: allow\npassed line 3: deny (undefined)\n' +
        'passed eve: error (not a decision: the answer is not an object)\n3 inputs, 0 failed\n',
    );
    assert.equal(code, 0);
  });

  it('says what differs, and ends with 1', async () => {
    const { code, out } = await test([{ name: 'ann', input: ANN, expect: { allow: false } }]);
    assert.equal(out, 'failed ann: allow\n    allow is true, expected false\n1 inputs, 1 failed\n');
    assert.equal(code, 1);
  });

  it('takes a failure that nobody expected for one', async () => {
    assert.equal((await test([{ input: { consumer: { name: 'eve' } } }])).code, 1);
  });

  it('gives a JSON line for each input', async () => {
    const { code, out } = await test([{ input: ANN }], '-o', 'json');
    assert.deepEqual(JSON.parse(out), {
      line: 1,
      name: 'line 1',
      passed: null,
      differences: [],
      said: {
        allow: true,
        status: null,
        reason: null,
        obligations: {},
        headers: { upstream: { 'x-tenant': 'acme' }, downstream: {} },
      },
    });
    assert.equal(code, 0);
  });

  // biome-ignore format: a table is read by column.
  const faults = [
    { line: '{"input":',                                says: /inputs\.jsonl:1: not JSON/ },
    { line: '[]',                                       says: /:1: not a JSON object/ },
    { line: '{}',                                       says: /:1: input is not an object/ },
    { line: '{"input":{"consumr":null}}',               says: /:1: the input document has no "consumr"/ },
    { line: '{"input":{},"expect":{"alow":true}}',      says: /:1: nothing to expect of "alow"/ },
    { line: '{"input":{},"expected":{"allow":true}}',   says: /:1: unknown member "expected"/ },
  ];
  for (const { line, says } of faults) {
    it(`refuses ${line}`, async () => {
      const { code, err } = await test([line]);
      assert.match(err, says);
      assert.equal(code, 2);
    });
  }

  it('suggests the policy that was meant', async () => {
    let err = '';
    const code = await runCli(['policy', 'test', 'auhtz', config, '--config', config], {
      out: () => {},
      err: (said) => {
        err += said;
      },
      paint: (_, said) => said,
      readInput: () => Promise.resolve(''),
    });
    assert.match(err, /no policy "auhtz" \(did you mean "authz"\?\)/);
    assert.equal(code, 2);
  });
});
