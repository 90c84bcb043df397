/** What a configuration may say of policies. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { parseConfig } from './load.ts';
import { applyOverrides } from './overrides.ts';
import { formatProblem } from './problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-policies-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'authz.rego'), 'package authz\n');

const OPA = { opa: { url: 'http://opa.test:8181' } };

function problemsOf(written: Readonly<Record<string, unknown>>): string[] {
  const text = JSON.stringify({ version: 1, ...written });
  const loaded = parseConfig(text, { file: 'f', baseDir: folder, env: {} });
  return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem));
}

function problemOf(source: unknown): string {
  return problemsOf({ policies: { authz: { source } } }).join('\n');
}

describe('a policy', () => {
  it('has exactly one source', () => {
    assert.match(problemOf({}), /exactly one of file, folder, bundle, opa, rego/);
    assert.match(problemOf({ ...OPA, file: 'b.tar.gz' }), /exactly one of/);
    assert.equal(problemOf(OPA), '');
  });

  it('names files that are there', () => {
    assert.match(problemOf({ file: 'b.tar.gz' }), /policies\.authz\.source\.file: no such file/);
    assert.match(problemOf({ folder: 'authz.rego' }), /source\.folder: no such folder/);
    assert.match(
      problemOf({ rego: { files: ['authz.rego', 'x.rego'] } }),
      /files\[1\]: no such file/,
    );
    assert.equal(problemOf({ rego: { files: ['authz.rego'] } }), '');
  });

  it('takes no URL with a password, and none that is not HTTP', () => {
    assert.match(problemOf({ opa: { url: 'http://me:secret@opa' } }), /no user, password/);
    assert.match(problemOf({ opa: { url: 'file:///etc' } }), /expected http/);
  });

  it('denies on failure and enforces unless it says otherwise', () => {
    const text = JSON.stringify({ version: 1, policies: { authz: { source: OPA } } });
    const loaded = parseConfig(text, { file: 'f', baseDir: folder, env: {} });
    assert.ok(loaded.ok);
    const { onFailure, dryRun } = loaded.model.policies['authz'] ?? {};
    assert.deepEqual({ onFailure, dryRun }, { onFailure: 'deny', dryRun: false });
  });
});

function problemWith(policy: Readonly<Record<string, unknown>>): string {
  return problemsOf({ policies: { authz: { source: OPA, ...policy } } }).join('\n');
}

describe('where and how often a policy is evaluated', () => {
  it('is never inline with an OPA elsewhere', () => {
    assert.match(problemWith({ evaluate: 'inline' }), /policies\.authz\.evaluate: a running OPA/);
    assert.equal(problemWith({ evaluate: 'pooled' }), '');
  });

  // biome-ignore format: a table is read by column.
  const members = [
    { member: 'tenant',                  says: /^$/ },
    { member: 'plan',                    says: /^$/ },
    { member: 'claims.scope',            says: /^$/ },
    { member: 'claims.Realm.roles',      says: /^$/ },
    { member: 'request.headers.x-plan',  says: /^$/ },
    { member: 'request.headers.X-Plan',  says: /lower case/ },
    { member: 'request.id',              says: /another one in every request/ },
    { member: 'request',                 says: /another one in every request/ },
    { member: 'requests.path',           says: /input has no requests \(did you mean "request"/ },
    { member: 'request.pat',             says: /input\.request has no pat \(did you mean "path"/ },
    { member: 'client.port',             says: /input\.client has no port/ },
    { member: 'tenant.name',             says: /input\.tenant has no name/ },
    { member: 'plan.name',               says: /input\.plan has no name/ },
    { member: 'request..path',           says: /a member of input is a path/ },
  ];
  for (const { member, says } of members) {
    it(`may depend on ${member}: ${String(says)}`, () => {
      assert.match(problemWith({ cache: { dependsOn: [member] } }), says);
    });
  }
});

describe('a route', () => {
  const route = { name: 'r', redirect: { to: 'https://example.test/' } };

  it('names a policy that there is', () => {
    const policies = { authz: { source: OPA } };
    assert.match(
      problemsOf({ policies, routes: [{ ...route, policy: 'auhtz' }] }).join(),
      /unknown policy "auhtz" \(did you mean "authz"\?\)/,
    );
  });

  it('asks one that is done before the exchange is given up', () => {
    const policies = { authz: { source: OPA, timeoutMs: 2501 } };
    assert.deepEqual(problemsOf({ policies }), []);
    assert.match(
      problemsOf({ policies, routes: [{ ...route, policy: 'authz' }] }).join(),
      /policies\.authz\.timeoutMs: an exchange waits 5000 ms at most/,
    );
    const limits = { decisionMs: 5002 };
    assert.deepEqual(problemsOf({ policies, limits, routes: [{ ...route, policy: 'authz' }] }), []);
  });
});

describe('the policy of routes that name none', () => {
  const route = { name: 'r', redirect: { to: 'https://example.test/' } };

  it('exists', () => {
    assert.match(
      problemsOf({ defaultPolicy: 'authz' }).join(),
      /defaultPolicy: unknown policy "authz"/,
    );
    const policies = { authz: { source: OPA } };
    assert.deepEqual(problemsOf({ policies, defaultPolicy: 'authz', routes: [route] }), []);
  });

  it('is an OPA that a flag names, with what the file says of it', () => {
    const written = { policies: { default: { timeoutMs: 7 } } };
    assert.deepEqual(applyOverrides(written, { opaEndpoint: 'http://opa:8181' }), {
      defaultPolicy: 'default',
      policies: { default: { timeoutMs: 7, source: { opa: { url: 'http://opa:8181' } } } },
    });
  });

  it('is one that the file has, where OPA is enabled and no endpoint is named', () => {
    const written = { policies: { default: { source: { file: 'b.tar.gz' } } } };
    assert.deepEqual(applyOverrides(written, { opaEnabled: true }), {
      ...written,
      defaultPolicy: 'default',
    });
    assert.deepEqual(applyOverrides({ defaultPolicy: 'authz' }, { opaEnabled: true }), {
      defaultPolicy: 'authz',
    });
  });

  it('is an OPA of this machine, where nothing else is said', () => {
    assert.deepEqual(applyOverrides({}, { opaEnabled: true }), {
      defaultPolicy: 'default',
      policies: { default: { source: { opa: { url: 'http://127.0.0.1:8181' } } } },
    });
  });

  it('stays where OPA is not enabled: what a file asks for is never taken away', () => {
    const written = { defaultPolicy: 'authz' };
    assert.deepEqual(applyOverrides(written, { opaEnabled: false }), written);
  });
});
