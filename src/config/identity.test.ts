import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import type { Model } from './schema.ts';

const HEAD = 'version: 1\nupstreams: { up: { endpoints: [{ url: "http://a:1" }] } }\n';

function load(lines: string, env: Record<string, string> = {}): ReturnType<typeof parseConfig> {
  return parseConfig(HEAD + lines, { file: 'g.yaml', baseDir: '/nowhere', env });
}

function problemsOf(lines: string, env: Record<string, string> = {}): string[] {
  const loaded = load(lines, env);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function modelOf(lines: string, env: Record<string, string> = {}): Model {
  const loaded = load(lines, env);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  return loaded.model;
}

function issuer(more: string): string {
  return `identity: { issuers: { idp: { issuer: "https://idp.test", ${more} } } }\n`;
}

function route(jwt: string): string {
  return `routes: [{ name: r, upstream: up, auth: { jwt: ${jwt} } }]`;
}

function at(url: string, more = ''): string {
  return `identity: { issuers: { idp: { issuer: "${url}" ${more} } } }`;
}

describe('identity that makes no sense', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { lines: issuer('audiences: [a]') + route('{ issuers: [ipd] }'),  says: 'g.yaml:4:60: routes[0].auth.jwt.issuers[0]: unknown issuer "ipd" (did you mean "idp"?)' },
    { lines: issuer('audiences: [a]') + route('{ issuers: [constructor] }'), says: 'g.yaml:4:60: routes[0].auth.jwt.issuers[0]: unknown issuer "constructor"' },
    { lines: issuer('algorithms: []'),                                says: 'g.yaml:3:71: identity.issuers.idp.algorithms: must have at least 1 item' },
    { lines: issuer('algorithms: [none]'),                            says: 'g.yaml:3:72: identity.issuers.idp.algorithms[0]: tokens without a signature are never believed' },
    { lines: issuer('algorithms: [HS256]'),                           says: 'g.yaml:3:72: identity.issuers.idp.algorithms[0]: not with a shared secret: whoever can check a token could make one; use a public-key algorithm' },
    { lines: issuer('jwksUrl: "http://idp.test/keys"'),               says: 'g.yaml:3:68: identity.issuers.idp.jwksUrl: keys would come over plain http, where anybody on the way can put theirs; use https://, or say allowHttp: true' },
    { lines: issuer('jwksUrl: "file:///etc/keys"'),                   says: 'g.yaml:3:68: identity.issuers.idp.jwksUrl: expected the scheme https://' },
    { lines: issuer('jwksFile: keys.json'),                           says: 'g.yaml:3:69: identity.issuers.idp.jwksFile: no such file in /nowhere' },
    { lines: issuer('jwksUrl: "https://a.test/", jwksFile: "/dev/../etc/hostname"'), says: 'g.yaml:3:97: identity.issuers.idp.jwksFile: jwksUrl and jwksFile exclude each other' },
    { lines: issuer('introspection: { url: "http://idp.test/i", clientId: c, clientSecretFile: /dev/../etc/hostname }'), says: 'g.yaml:3:81: identity.issuers.idp.introspection.url: tokens would go over plain http; use https://, or say allowHttp: true' },
    { lines: issuer('introspection: { url: "https://idp.test/i", clientId: c, clientSecretFile: secret }'), says: 'g.yaml:3:134: identity.issuers.idp.introspection.clientSecretFile: no such file in /nowhere' },
    { lines: issuer('claims: { tennant: t }'),                        says: 'g.yaml:3:69: identity.issuers.idp.claims.tennant: unknown key "tennant" (did you mean "tenant"?)' },
    { lines: issuer('audiences: []') + route('{}'),                   says: 'g.yaml:4:48: routes[0].auth.jwt: issuer "idp" has no audiences: a token made for anybody else would be let in; name audiences here or there ("any" there takes all)' },
    { lines: route('{ audiences: [a] }'),                             says: 'g.yaml:3:48: routes[0].auth.jwt: needs an issuer: identity.issuers, or KEYCLOAK_URL in the environment' },
    { lines: issuer('audiences: [a]') + route('{ headers: { Host: sub } }'), says: 'g.yaml:4:61: routes[0].auth.jwt.headers.Host: the gateway itself sets this header' },
  ];
  for (const { lines, says } of cases) {
    it(says, () => assert.deepEqual(problemsOf(lines), [says]));
  }

  it('two issuers with one identifier', () => {
    const one = '{ issuer: "https://a.test" }';
    assert.deepEqual(problemsOf(`identity: { issuers: { a: ${one}, b: ${one} } }`), [
      'g.yaml:3:70: identity.issuers.b.issuer: issuer "a" has this identifier already',
    ]);
  });

  it('is told once, without what follows from it', () => {
    const wrong = issuer('audiences: 5') + route('{ issuers: [idp] }');
    assert.deepEqual(problemsOf(wrong).length, 1);
  });
});

describe('users and passwords', () => {
  const hash = `$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const consumers = (...users: string[]) =>
    users
      .map(
        (user, index) =>
          `  c${index}: { basic: [{ username: ${user}, passwordHash: "${hash}" }] }\n`,
      )
      .join('');

  it('are those of the file, with names in normal form', () => {
    const model = modelOf(`consumers:\n${consumers('"jose\\u0301"')}`);
    assert.deepEqual(model.consumers['c0']?.basic, [{ username: 'jos\u00e9', passwordHash: hash }]);
  });

  // biome-ignore format: a table is read by column.
  const cases = [
    { lines: `consumers:\n${consumers('one', 'one')}`,     says: /c1\.basic\[0\]\.username: consumer "c0" has the same user/ },
    { lines: `consumers:\n${consumers('"a:b"')}`,          says: /username: a user is 1 to 255 bytes/ },
    { lines: `consumers:\n${consumers('""')}`,             says: /username: a user is 1 to 255 bytes/ },
    { lines: `consumers:\n${consumers('"a\\0b"')}`,        says: /username: a user is 1 to 255 bytes/ },
    { lines: 'consumers: { c: { basic: [{ username: u, passwordHash: "geheim" }] } }', says: /passwordHash: expected \$scrypt/ },
    { lines: `consumers:\n${consumers('u').replace('ln=14', 'ln=10')}`, says: /passwordHash: too cheap to guess/ },
    { lines: 'routes: [{ name: r, upstream: up, auth: { basic: { realm: "a\\"b" } } }]', says: /basic\.realm: a realm is/ },
    { lines: 'routes: [{ name: r, upstream: up, auth: { require: all, basic: {} } }]', says: /all of one is that one/ },
    { lines: `${issuer('audiences: [a]')}routes: [{ name: r, upstream: up, auth: { require: all, basic: {}, jwt: {} } }]`, says: /nobody can send both/ },
  ];
  for (const { lines, says } of cases) {
    it(`are refused: ${says.source}`, () => {
      const problems = problemsOf(lines);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', says);
      assert.doesNotMatch(problems[0] ?? '', /geheim/);
    });
  }
});

describe('an issuer over plain http', () => {
  for (const url of ['http://127.0.0.1:8080/r', 'http://localhost', 'http://[::1]:1']) {
    it(`${url} is this machine`, () => assert.deepEqual(problemsOf(at(url)), []));
  }
  for (const url of ['http://127.evil.test', 'http://localhost.evil.test', 'http://10.0.0.1']) {
    it(`${url} needs allowHttp`, () => {
      assert.match(problemsOf(at(url))[0] ?? '', /allowHttp: true/);
      assert.deepEqual(problemsOf(at(url, ', allowHttp: true')), []);
    });
  }
});

describe('KEYCLOAK_URL', () => {
  it('makes an issuer in one step', () => {
    const model = modelOf(route('{ audiences: [api] }'), { KEYCLOAK_URL: 'https://kc.test/auth/' });
    assert.equal(model.identity.issuers['keycloak']?.issuer, 'https://kc.test/auth/realms/stoa');
    assert.deepEqual(model.routes[0]?.auth?.jwt?.issuers, ['keycloak']);
  });

  it('has the realm of KEYCLOAK_REALM', () => {
    const env = { KEYCLOAK_URL: 'https://kc.test', KEYCLOAK_REALM: 'my realm' };
    const { issuer: identifier } = modelOf('', env).identity.issuers['keycloak'] ?? {};
    assert.equal(identifier, 'https://kc.test/realms/my%20realm');
  });

  it('leaves the rest of the file’s issuer as it is', () => {
    const file =
      'identity: { issuers: { keycloak: { issuer: "https://x.test", audiences: [a] } } }';
    const found = modelOf(file, { KEYCLOAK_URL: 'https://kc.test' }).identity.issuers['keycloak'];
    assert.equal(found?.issuer, 'https://kc.test/realms/stoa');
    assert.deepEqual(found?.audiences, ['a']);
  });

  it('that is no URL is a problem', () => {
    assert.match(problemsOf('', { KEYCLOAK_URL: 'kc' })[0] ?? '', /keycloak\.issuer: not a URL/);
  });

  it('does not hide what is wrong in the file', () => {
    const env = { KEYCLOAK_URL: 'https://kc.test' };
    assert.match(problemsOf('identity: 5', env)[0] ?? '', /identity: expected a mapping/);
  });
});

it('any text for a URL is taken or told, never thrown', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string()), (text) => {
      load(`identity: { issuers: { i: { issuer: ${JSON.stringify(text)} } } }`);
    }),
  );
});
