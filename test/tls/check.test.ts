/**
 * What `check` says of TLS that can't work: which file and why, and where it is named.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { runCli } from '../../src/cli/program.ts';
import { testPki } from '../support/pki.ts';

const pki = testPki();
writeFileSync(pki.file('empty.crt'), '');
writeFileSync(pki.file('empty.ocsp'), 'no OCSP response');
copyFileSync(pki.file('gw.key'), pki.file('readable.key'));
chmodSync(pki.file('readable.key'), 0o644);
copyFileSync(pki.file('gw.key'), pki.file('group.key'));
chmodSync(pki.file('group.key'), 0o640);

/** A configuration that is right but for the listener's lines and what stands behind them. */
function written(listener: string, more = ''): string {
  return `version: 1
listeners:
  - address: 127.0.0.1:8443
${listener.replaceAll(/^/gm, '    ')}
upstreams: { a: { endpoints: [{ url: "http://127.0.0.1:1" }] } }
routes: [{ name: r, upstream: a }]
${more}`;
}

/** TLS whose only certificate has these files; line 6 has `cert`, line 7 `key`. */
function tls(cert: string, key: string, more = ''): string {
  return `tls:\n  certificates:\n    - cert: ${cert}\n      key: ${key}${more}`;
}

async function check(text: string): Promise<{ readonly code: number; readonly out: string }> {
  const file = pki.file('gateway.yaml');
  writeFileSync(file, text);
  let out = '';
  const keep = (line: string) => {
    out += line;
  };
  const code = await runCli(['check', file], {
    out: keep,
    err: keep,
    paint: (_, shown) => shown,
    readInput: () => Promise.resolve(''),
  });
  return { code, out: out.replaceAll(`${pki.directory}/`, '') };
}

const RIGHT = tls('gw.crt', 'gw.key');
const CLIENTS = (lines: string) => `${RIGHT}\n  clientAuth: ${lines}`;

describe('check', () => {
  it('takes what is right, with files beside the configuration', async () => {
    const mutual = CLIENTS('{ mode: required, ca: [ca.crt], crl: [ca.crl, old.crl] }');
    for (const listener of [RIGHT, mutual, tls('gw.crt', 'group.key')]) {
      const { code, out } = await check(written(listener));
      assert.equal(code, 0, out);
    }
  });

  it('takes a key that everybody may read where that is allowed', async () => {
    const allowed = `${tls('gw.crt', 'readable.key')}\n  allowReadableKeys: true`;
    assert.equal((await check(written(allowed))).code, 0);
  });

  // biome-ignore format: a table is read by column.
  const cases = [
    { what: 'a certificate that is not there', listener: tls('gone.crt', 'gw.key'),
      says: 'gateway.yaml:6:17: listeners[0].tls.certificates[0].cert: gone.crt: No such file or directory (os error 2)' },
    { what: 'a key that is not there', listener: tls('gw.crt', 'gone.key'),
      says: 'gateway.yaml:7:16: listeners[0].tls.certificates[0].key: gone.key: No such file or directory (os error 2)' },
    { what: 'a key that everybody may read', listener: tls('gw.crt', 'readable.key'),
      says: 'gateway.yaml:7:16: listeners[0].tls.certificates[0].key: readable.key: everybody on this machine may read or write the key; chmod 640 it, or set tls.allowReadableKeys' },
    { what: 'the key of another certificate', listener: tls('gw.crt', 'other.key'),
      says: /^gateway\.yaml:\d+:\d+: listeners\[0\]\.tls\S*: other\.key: does not belong to the first certificate in gw\.crt$/m },
    { what: 'a file without certificate', listener: tls('empty.crt', 'gw.key'),
      says: /^gateway\.yaml:\d+:\d+: listeners\[0\]\.tls\S*: empty\.crt: / },
    { what: 'a certificate where the key should be', listener: tls('gw.crt', 'gw.crt\n  allowReadableKeys: true'),
      says: /^gateway\.yaml:\d+:\d+: listeners\[0\]\.tls\S*: gw\.crt: / },
    { what: 'an OCSP response that is none', listener: tls('gw.crt', 'gw.key', '\n      ocsp: empty.ocsp'),
      says: /^gateway\.yaml:\d+:\d+: listeners\[0\]\.tls\S*: empty\.ocsp: is no OCSP response in DER/ },
    { what: 'authorities that are not there', listener: CLIENTS('{ mode: required, ca: [gone.crt] }'),
      says: 'gateway.yaml:8:42: listeners[0].tls.clientAuth.ca[0]: gone.crt: No such file or directory (os error 2)' },
    { what: 'a list that is not there', listener: CLIENTS('{ mode: required, ca: [ca.crt], crl: [gone.crl] }'),
      says: 'gateway.yaml:8:57: listeners[0].tls.clientAuth.crl[0]: gone.crl: No such file or directory (os error 2)' },
    { what: 'a list that is none', listener: CLIENTS('{ mode: required, ca: [ca.crt], crl: [gw.crt] }'),
      says: /^gateway\.yaml:\d+:\d+: listeners\[0\]\.tls\S*: gw\.crt: / },
    { what: 'clients that are asked without an authority', listener: CLIENTS('{ mode: required }'),
      says: 'gateway.yaml:8:19: listeners[0].tls.clientAuth.ca: whose certificates are believed? Name at least one file' },
    { what: 'TLS on the other front', listener: `front: uws\n${RIGHT}`,
      says: 'gateway.yaml:6:7: listeners[0].tls: TLS is the native front’s; leave front out, or say "front: native"' },
    { what: 'preambles on the other front', listener: 'proxyProtocol: { from: [10.0.0.0/8] }',
      says: 'gateway.yaml:4:20: listeners[0].proxyProtocol: uWebSockets.js would not see the address; this needs "front: native"' },
    { what: 'a network that is none', listener: 'front: native\nproxyProtocol: { from: [everybody] }',
      says: /^gateway\.yaml:5:29: listeners\[0\]\.proxyProtocol\.from\[0\]: not an address or network/ },
    { what: 'a rule with no SPIFFE ID', more: 'consumers: { c: { certificates: [{ spiffe: "http://x" }] } }',
      says: /^gateway\.yaml:7:34: consumers\.c\.certificates\[0\]\S*: / },
    { what: 'a rule whose digest is too short', more: 'consumers: { c: { certificates: [{ sha256: ab }] } }',
      says: /^gateway\.yaml:7:34: consumers\.c\.certificates\[0\]\S*: / },
    { what: 'a rule that fits everything', more: 'consumers: { c: { certificates: [{}] } }',
      says: 'gateway.yaml:7:34: consumers.c.certificates[0]: a rule without anything would mean every certificate' },
    { what: 'an auth without anything', more: 'x: 1', text: `version: 1
upstreams: { a: { endpoints: [{ url: "http://127.0.0.1:1" }] } }
routes: [{ name: r, upstream: a, auth: {} }]`,
      says: 'gateway.yaml:3:40: routes[0].auth: needs apiKey, clientCertificate, basic or jwt; leave auth out for an open route' },
  ];
  for (const { what, listener = 'front: native', more = '', text, says } of cases) {
    it(`refuses ${what}, and says where`, async () => {
      const { code, out } = await check(text ?? written(listener, more));
      assert.equal(code, 1, out);
      if (typeof says === 'string') assert.equal(out, `${says}\n1 problem\n`);
      else assert.match(out, says);
    });
  }

  it('tells everything at once', async () => {
    const wrong = `${tls('gone.crt', 'readable.key')}\n  clientAuth: { mode: required, ca: [gone-ca.crt] }`;
    const { out } = await check(
      written(wrong, 'consumers: { c: { certificates: [{ sha256: ab }] } }'),
    );
    assert.match(out, /4 problems/, out);
  });
});
