/**
 * The files of a run: API keys as each target reads them, bodies, and configurations made from the
 * templates in `bench/load/peers`. All in one temporary folder that ends with the run.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';

const TEMPLATES = join(import.meta.dirname, '../../../bench/load/peers');

const CONSUMERS = 1000;
const TENANT = 'acme';

/** The consumer that all load comes from, and its key. */
export const CALLER = { consumer: 'consumer-500', tenant: TENANT, key: keyOf(500) } as const;

/** Sizes of the bodies. */
export const BODY_BYTES = { small: 138, large: 10_240, huge: 1 << 20 } as const;
export type Body = keyof typeof BODY_BYTES;
/** Those that requests are compared with; `huge` is for transfer alone. */
export const BODIES = ['small', 'large'] as const satisfies readonly Body[];

function keyOf(number: number): string {
  return `sk-live-${number.toString(16).padStart(24, '0')}`;
}

/** One JSON string of exactly so many bytes. */
function bodyOf(sizeBytes: number): string {
  return `{"data":"${'x'.repeat(sizeBytes - 11)}"}`;
}

/** Files of a certificate and its key, and the certificate's PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
  readonly text: string;
}

export class Stage {
  readonly folder: string;
  readonly upstreamPort: number;
  /** Digest of every configuration rendered so far, by file name. */
  readonly digests: Record<string, string> = {};

  private constructor(folder: string, upstreamPort: number) {
    this.folder = folder;
    this.upstreamPort = upstreamPort;
  }

  static async open(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    // nginx gives its root privileges up, and must still reach the bodies.
    chmodSync(folder, 0o755);
    const stage = new Stage(folder, await freePort());
    stage.#writeKeys();
    for (const [body, bytes] of Object.entries(BODY_BYTES)) {
      stage.#write(`${body}.json`, bodyOf(bytes));
    }
    return stage;
  }

  /** Makes a configuration from a template, for a target on a port of its own. */
  async render(
    template: string,
    name: string,
    values: Readonly<Record<string, string>> = {},
  ): Promise<{ file: string; port: number }> {
    const port = Number(values['PORT'] ?? (await freePort()));
    const known: Readonly<Record<string, string>> = {
      DIR: this.folder,
      PORT: `${port}`,
      UPSTREAM_PORT: `${this.upstreamPort}`,
      NGINX_CONNECTIONS: '4096',
      ...values,
    };
    const source = readFileSync(join(TEMPLATES, template), 'utf8');
    const text = source.replace(/@([A-Z_]+)@/g, (_, key: string) => known[key] ?? '');
    this.digests[name] = createHash('sha256').update(text).digest('hex');
    return { file: this.#write(name, text), port };
  }

  /** Makes a certificate for localhost, ECDSA on P-256, with its key; nobody else reads that. */
  certify(): Certified {
    const cert = join(this.folder, 'certificate.pem');
    const key = join(this.folder, 'key.pem');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', cert, '-days', '30'];
    writeFileSync(key, '', { mode: 0o600 });
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'pipe' });
    return { cert, key, text: readFileSync(cert, 'utf8') };
  }

  #write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  #writeKeys(): void {
    this.#write(
      'gateway-keys.csv',
      lines((key, consumer) => {
        const digest = createHash('sha256').update(key).digest('hex');
        return `${digest},${consumer},${TENANT}`;
      }),
    );
    this.#write(
      'nginx-consumers.map',
      lines((key, consumer) => `"${key}" ${consumer};`),
    );
    this.#write(
      'nginx-tenants.map',
      lines((_, consumer) => `${consumer} ${TENANT};`),
    );
  }
}

/** One line for every key. */
function lines(write: (key: string, consumer: string) => string): string {
  return Array.from({ length: CONSUMERS }, (_, number) =>
    write(keyOf(number), `consumer-${number}`),
  ).join('\n');
}
