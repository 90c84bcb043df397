import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { parsePasswordHash } from '../config/schema/password-hash.ts';
import { isPasswordOf } from '../identity/basic/scrypt.ts';
import { runCli } from './program.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], input = ''): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    paint: (_, text) => text,
    readInput: () => Promise.resolve(input),
  });
  return { code, out, err };
}

const directory = mkdtempSync(join(tmpdir(), 'stoa-cli-'));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const GOOD_DIGEST = '770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c';

describe('every command', () => {
  for (const argv of [
    [],
    ['run'],
    ['check'],
    ['explain'],
    ['usage'],
    ['quotas'],
    ['revoke'],
    ['revoke', 'undo'],
    ['schema'],
    ['keys'],
    ['keys', 'hash'],
    ['keys', 'create'],
    ['keys', 'hash-password'],
    ['policy'],
    ['policy', 'test'],
    ['demo'],
    ['version'],
  ]) {
    it(`tells what it can do: ${argv.join(' ')} --help`, async () => {
      const { code, out, err } = await run([...argv, '--help']);
      assert.equal(code, 0);
      assert.match(out, /^Usage: stoa-gateway/);
      assert.equal(err, '');
    });
  }
});

describe('a command that makes no sense', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { argv: ['chek'],                                             says: /unknown command "chek" \(did you mean "check"\?\)/ },
    { argv: ['check', '--confg', 'x'],                            says: /unknown option '--confg'/ },
    { argv: ['--mode=shadow', '--upstream=http://a'],             says: /"proxy" only; "shadow" comes later/ },
    { argv: ['--port=65536', '--upstream=http://a'],              says: /from 0 to 65535/ },
    { argv: ['--workers=0', '--upstream=http://a'],               says: /from 1 to 256/ },
    { argv: ['--host=a b', '--upstream=http://a'],                says: /an IP address or a name/ },
    { argv: ['--upstream=https://a'],                             says: /https:\/\/ to an upstream is not supported/ },
    { argv: ['--opa-endpoint=opa:8181', '--upstream=http://a'],   says: /expected http:\/\/ or https:\/\// },
    { argv: ['--opa-enabled=maybe', '--upstream=http://a'],       says: /Expected true or false/ },
    { argv: ['run', '-c', 'x.yaml', '--upstream=http://a'],       says: /cannot be used with/ },
    { argv: ['explain', 'GET', 'nonsense'],                       says: /not a URL and not a path/ },
    { argv: ['explain', 'GET', '/', '-H', 'nonsense'],            says: /"name: value"/ },
    { argv: ['keys', 'create', '--prefix', 'a b'],                says: /A prefix is/ },
    { argv: ['keys', 'hash-password'],                            says: /1 to 1024 bytes/ },
    { argv: ['keys', 'hash-password', 'secret'],                  says: /too many arguments/ },
    { argv: ['keys', 'hash-password', '--cost', '17'],            says: /64 MiB/ },
    { argv: ['check', 'a.yaml', '-o', 'xml'],                     says: /Allowed choices are text, json/ },
    { argv: ['demo', '--address', 'nowhere'],                     says: /host:port/ },
  ];
  for (const { argv, says } of cases) {
    it(`is exit code 2: ${argv.join(' ')}`, async () => {
      const { code, out, err } = await run(argv);
      assert.equal(code, 2);
      assert.match(err, says);
      assert.equal(out, '');
    });
  }

  it('as the environment may make it', async () => {
    process.env['GATEWAY_PORT'] = 'eighty';
    try {
      const { code, err } = await run(['--upstream=http://a']);
      assert.equal(code, 2);
      assert.match(err, /from env 'GATEWAY_PORT'/);
    } finally {
      delete process.env['GATEWAY_PORT'];
    }
  });
});

describe('check', () => {
  const wrong = file('wrong.yaml', 'version: 1\nrouts: []\n');

  it('tells problems with their places, and exit code 1', async () => {
    const { code, out } = await run(['check', wrong]);
    assert.equal(code, 1);
    assert.equal(
      out,
      `${wrong}:2:1: routs: unknown key "routs" (did you mean "routes"?)\n1 problem\n`,
    );
  });

  it('tells programs the same in JSON', async () => {
    const { code, out } = await run(['check', '-c', wrong, '-o', 'json']);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(out), {
      ok: false,
      problems: [
        {
          file: wrong,
          line: 2,
          column: 1,
          path: 'routs',
          message: 'unknown key "routs" (did you mean "routes"?)',
        },
      ],
    });
  });

  it('run --demo takes the file of this folder, as run does', async () => {
    const here = process.cwd();
    file('gateway.yaml', 'version: 1\nrouts: []\n');
    process.chdir(directory);
    try {
      const { code, err } = await run(['run', '--demo']);
      assert.equal(code, 1);
      assert.match(err, /^gateway\.yaml:2:1: routs: unknown key/);
    } finally {
      process.chdir(here);
    }
  });

  it('names a file that is not there, or is a folder', async () => {
    assert.match((await run(['check', 'none.yaml'])).out, /no such file \(ENOENT\)/);
    assert.match((await run(['check', directory])).out, /it is a folder \(EISDIR\)/);
  });

  it('run does not start with it', async () => {
    const { code, out, err } = await run(['run', '-c', wrong]);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /unknown key "routs"/);
  });
});

describe('with native code', () => {
  const upstream = 'version: 1\nupstreams: { a: { endpoints: [{ url: "http://127.0.0.1:1" }] } }\n';
  const valid = file(
    'valid.yaml',
    `${upstream}routes: [{ name: r, match: { path: "/r/*" }, upstream: a }]\n`,
  );

  it('check says what is in a valid file', async () => {
    const { code, out } = await run(['check', valid]);
    assert.equal(code, 0);
    assert.equal(out, `valid ${valid}: 1 route, 1 upstream, 0 consumers, 0 API keys\n`);
  });

  it('check gives the place of what cannot be compiled', async () => {
    const wrong = file(
      'pattern.yaml',
      `${upstream}routes: [{ name: r, match: { path: "~(" }, upstream: a }]\n`,
    );
    const { code, out } = await run(['check', wrong]);
    assert.equal(code, 1);
    assert.ok(out.startsWith(`${wrong}:3:36: routes[0].match.path: `), out);
  });

  it('check tells everything at once, whoever finds it, and run does, too', async () => {
    const several = file(
      'several.yaml',
      `${upstream}workers: \${NOT_SET}
apiKeyFiles: [none.csv]
forwarded: { trustedProxies: [10.0.0.1/8] }
routes:
  - { name: a, match: { path: "~(" }, upstreams: a }
  - { name: b, match: { path: "/{id}" }, upstream: b, request: { headers: { set: { X-Request-ID: x, host: y } } } }
  - { name: c, match: { path: "/{id}" }, upstream: a, request: { path: { rewrite: "/\${path.no}" } } }
`,
    );
    const expected = [
      ['3:10', 'workers'],
      ['4:15', 'apiKeyFiles[0]'],
      ['5:31', 'forwarded.trustedProxies[0]'],
      ['7:31', 'routes[0].match.path'],
      ['7:39', 'routes[0].upstreams'],
      ['8:52', 'routes[1].upstream[0].name'],
      ['8:98', 'routes[1].request.headers.set.X-Request-ID'],
      ['8:107', 'routes[1].request.headers.set.host'],
      ['9:31', 'routes[2].match.path'],
    ];
    const { code, out } = await run(['check', several]);
    assert.equal(code, 1);
    const lines = out.trimEnd().split('\n');
    const told = expected.map(([place, path]) => `${several}:${place}: ${path}: `);
    assert.deepEqual(
      lines.map((line, index) => line.slice(0, told[index]?.length ?? line.length)),
      [...told, `${told.length} problems`],
      out,
    );
    const json = await run(['check', several, '-o', 'json']);
    const { ok, problems } = JSON.parse(json.out) as {
      ok: boolean;
      problems: { line: number; column: number; path: string }[];
    };
    assert.equal(ok, false);
    assert.deepEqual(
      problems.map(({ line, column, path }) => [`${line}:${column}`, path]),
      expected,
    );
    const started = await run(['run', '-c', several]);
    assert.equal(started.err.trimEnd().split('\n').length, expected.length);
  });

  it('explain says which route is taken', async () => {
    const { code, out } = await run(['explain', 'GET', '/r/1', '-c', valid]);
    assert.equal(code, 0);
    assert.match(out, /^route: r$/m);
    const json = await run(['explain', 'GET', 'http://x.test/none?a=b', '-c', valid, '-o', 'json']);
    assert.equal((JSON.parse(json.out) as { route: string | null }).route, null);
  });

  it('explain says that no route has the path', async () => {
    const { out } = await run(['explain', 'GET', '/none', '-c', valid]);
    assert.match(out, /^considered: none; no route has this path/m);
  });

  it('explain shows where a policy is asked', async () => {
    const asking = file(
      'asking.yaml',
      `${upstream}policies: { authz: { source: { opa: { url: "http://opa:8181" } } } }
routes: [{ name: r, upstream: a, policy: { name: authz, bodyMaxBytes: 9 }, rateLimit: { by: route, requests: 1, windowMs: 1000 } }]
`,
    );
    const { out } = await run(['explain', 'GET', '/', '-c', asking]);
    assert.match(out, /policy `authz`, which sees bodies up to 9 bytes[^]*rate limit by route/);
    assert.match(out, /kind: pause\n\s*stage: the policy is asked/);
  });
});

describe('keys', () => {
  it('hashes a password from standard input, without its last line break, in normal form', async () => {
    const { code, out } = await run(['keys', 'hash-password', '--cost', '14'], 'ho\u0301rse\n');
    assert.equal(code, 0);
    const known = parsePasswordHash(out.trimEnd());
    assert.ok(typeof known !== 'string', out);
    assert.deepEqual(known.cost, { ln: 14, r: 8, p: 3 });
    assert.equal(await isPasswordOf('hórse', known), true);
    const json = await run(['keys', 'hash-password', '--cost', '14', '-o', 'json'], 'p');
    assert.match(JSON.parse(json.out).passwordHash, /^\$scrypt\$ln=14,/);
  });

  it('hashes an argument', async () => {
    assert.equal((await run(['keys', 'hash', 'good'])).out, `${GOOD_DIGEST}\n`);
  });

  it('hashes standard input, without its last line break', async () => {
    assert.equal((await run(['keys', 'hash'], 'good\n')).out, `${GOOD_DIGEST}\n`);
    assert.deepEqual(JSON.parse((await run(['keys', 'hash', '-o', 'json'], 'good')).out), {
      sha256: GOOD_DIGEST,
    });
  });

  it('refuses what is no key, without repeating it', async () => {
    const { code, err } = await run(['keys', 'hash'], 'two words');
    assert.equal(code, 2);
    assert.doesNotMatch(err, /two/);
  });

  it('creates a key and the digest of it, never the same', async () => {
    const [one, two] = await Promise.all([
      run(['keys', 'create', '-o', 'json', '--prefix', 'acme_']),
      run(['keys', 'create', '-o', 'json']),
    ]);
    const { key, sha256 } = JSON.parse(one.out) as { key: string; sha256: string };
    assert.match(key, /^acme_[\w-]{43}$/);
    assert.equal((await run(['keys', 'hash', key])).out, `${sha256}\n`);
    assert.notEqual(one.out, two.out);
  });
});

it('schema prints what an editor wants', async () => {
  const { code, out } = await run(['schema']);
  assert.equal(code, 0);
  assert.equal((JSON.parse(out) as { type: string }).type, 'object');
});

it('version says which', async () => {
  const { out } = await run(['version']);
  assert.match(out, /^stoa-gateway \d+\.\d+\.\d+ \(node /);
  assert.equal((await run(['--version'])).out, out);
});
