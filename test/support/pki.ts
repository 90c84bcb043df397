/**
 * Certificates, keys and revocation lists for a test file, made anew: `native/tls/examples/test_pki.rs`
 * says which there are.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { PROJECT } from './gateway.ts';

/** `make test-node` builds it. */
const BINARY = join(PROJECT, '.build/test-pki');

export class Pki {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The path of a file: `good.crt`. */
  file(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** A certificate and its key, as node wants them. */
  identity(name: string): { readonly cert: string; readonly key: string } {
    return { cert: this.read(`${name}.crt`), key: this.read(`${name}.key`) };
  }

  /** An item of `tls.certificates`. */
  certificate(name: string): string {
    return `{ cert: "${this.file(`${name}.crt`)}", key: "${this.file(`${name}.key`)}" }`;
  }

  /** A listener's keys: TLS with the certificate for gw.test, and whatever else `tls` has. */
  listener(more = '', beside = ''): string {
    const tls = `tls: { certificates: [${this.certificate('gw')}], ${more} }`;
    return beside === '' ? tls : `${tls}, ${beside}`;
  }

  /** `clientAuth` that believes `ca`. */
  clientAuth(mode: string, more = '', ca = 'ca'): string {
    return `clientAuth: { mode: ${mode}, ca: ["${this.file(`${ca}.crt`)}"], ${more} }`;
  }
}

/** For the length of a test file. */
export function testPki(): Pki {
  const directory = mkdtempSync(join(tmpdir(), 'stoa-pki-'));
  after(() => rmSync(directory, { recursive: true }));
  execFileSync(BINARY, [directory]);
  return new Pki(directory);
}
