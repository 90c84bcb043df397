/**
 * A stapled OCSP response, made and checked by OpenSSL: the bytes a client gets are those of the file.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { stage, upstreamYaml } from '../support/stage.ts';
import { connectTls } from '../support/tls-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-ocsp-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string): string {
  return join(folder, name);
}

function openssl(...words: string[]): void {
  execFileSync('openssl', words, { stdio: 'pipe', cwd: folder });
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2'];

/** An authority, a certificate of it, and what it says of that certificate today. */
function certify(): void {
  openssl('req', '-x509', ...curve, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  const leaf = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', '7'];
  const names = ['-subj', '/CN=gw.test', '-addext', 'subjectAltName=DNS:gw.test'];
  const kind = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  openssl(
    'req',
    '-x509',
    ...curve,
    ...leaf,
    ...names,
    ...kind,
    '-keyout',
    'gw.key',
    '-out',
    'gw.crt',
  );
  writeFileSync(file('index.txt'), 'V\t390101000000Z\t\t07\tunknown\t/CN=gw.test\n');
  const responder = [
    '-index',
    'index.txt',
    '-CA',
    'ca.crt',
    '-rsigner',
    'ca.crt',
    '-rkey',
    'ca.key',
  ];
  const about = ['-issuer', 'ca.crt', '-cert', 'gw.crt', '-ndays', '1', '-respout', 'gw.ocsp'];
  openssl('ocsp', ...responder, ...about);
}

const skip = spawnSync('openssl', ['version']).status !== 0 && process.env['CI'] !== 'true';

describe('a stapled OCSP response', {
  skip: skip && 'openssl is missing: apt-get install openssl',
}, () => {
  if (skip) return;
  certify();
  const certificate = `{ cert: "${file('gw.crt')}", key: "${file('gw.key')}", ocsp: "${file('gw.ocsp')}" }`;
  const on = stage((url) => `${upstreamYaml(url)}routes: [{ name: all, upstream: up }]`, {
    listeners: [`tls: { certificates: [${certificate}] }`],
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`comes with the handshake of ${version} to who asks for it, and OpenSSL believes it`, async () => {
      const socket = await connectTls(
        on.gateway.ports[0] ?? 0,
        {
          ca: readFileSync(file('ca.crt')),
          servername: 'gw.test',
          requestOCSP: true,
          minVersion: version,
          maxVersion: version,
        },
        (response) => writeFileSync(file('shown.ocsp'), response),
      );
      socket.destroy();
      assert.deepEqual(readFileSync(file('shown.ocsp')), readFileSync(file('gw.ocsp')));
      const trust = ['-CAfile', 'ca.crt', '-issuer', 'ca.crt', '-cert', 'gw.crt'];
      const { stdout, stderr } = spawnSync(
        'openssl',
        ['ocsp', '-respin', 'shown.ocsp', '-no_nonce', ...trust],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      );
      assert.match(stderr, /Response verify OK/);
      assert.match(stdout, /^gw\.crt: good$/m);
    });
  }
});
