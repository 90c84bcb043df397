/**
 * An issuer of tokens on a free port of this machine, which can be told to fail in every way: it serves
 * a discovery document and a key set, and signs whatever it is given.
 *
 * @module
 */

import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Jwk = Record<string, unknown>;

export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function rsaPair(bits = 2048): Pair {
  return generateKeyPairSync('rsa', { modulusLength: bits });
}

export function ecPair(curve: 'P-256' | 'P-384' | 'P-521'): Pair {
  return generateKeyPairSync('ec', { namedCurve: curve });
}

export function edPair(): Pair {
  return generateKeyPairSync('ed25519');
}

export function publicJwk({ publicKey }: Pair, more: Jwk = {}): Jwk {
  return { ...publicKey.export({ format: 'jwk' }), ...more };
}

export function base64url(data: string | Buffer): string {
  return Buffer.from(data).toString('base64url');
}

/** A compact token of any two texts. `key` is a text for HS256, null for no signature. */
export function compact(
  header: unknown,
  payload: unknown,
  { algorithm, key }: { readonly algorithm: string; readonly key: KeyObject | string | null },
): string {
  const [head, body] = [header, payload].map((part) =>
    base64url(typeof part === 'string' ? part : JSON.stringify(part)),
  );
  const input = `${head}.${body}`;
  return `${input}.${key === null ? '' : base64url(signature(input, algorithm, key))}`;
}

function signature(input: string, algorithm: string, key: KeyObject | string): Buffer {
  if (typeof key === 'string') return createHmac('sha256', key).update(input).digest();
  const data = Buffer.from(input);
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('PS')) {
    // 6 is RSA_PKCS1_PSS_PADDING, -1 a salt as long as the digest.
    return signBytes(hash, data, { key, padding: 6, saltLength: -1 });
  }
  if (algorithm.startsWith('ES')) return signBytes(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  return signBytes(algorithm.startsWith('Ed') ? null : hash, data, key);
}

/** How the next requests are answered. */
export type Behaviour = 'ok' | 'error' | 'hang' | 'endless' | 'redirect' | 'garbage';

export class TokenIssuer {
  keys: unknown[] = [];
  behaviour: Behaviour = 'ok';
  /** Members in place of those of the discovery document. */
  discovery: Jwk = {};
  /** RFC 8414's place instead of OpenID's. */
  isOauthOnly = false;
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  static async start(path = ''): Promise<TokenIssuer> {
    const server = createServer();
    const issuer = new TokenIssuer(server, path);
    server.on('request', (request, response) => issuer.#answer(request.url ?? '', response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return issuer;
  }

  get url(): string {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #answer(url: string, response: ServerResponse): void {
    this.requests.push(url);
    if (this.behaviour === 'hang') return;
    if (this.behaviour === 'error') response.writeHead(500).end();
    else if (this.behaviour === 'garbage') response.end('<html>');
    else if (this.behaviour === 'redirect' && url === '/jwks') {
      response.writeHead(302, { location: '/moved' }).end();
    } else if (this.behaviour === 'endless') this.#flood(response);
    else this.#serve(url, response);
  }

  #serve(url: string, response: ServerResponse): void {
    const place = this.isOauthOnly
      ? `/.well-known/oauth-authorization-server${this.#path}`
      : `${this.#path}/.well-known/openid-configuration`;
    if (url === '/jwks' || url === '/moved') response.end(JSON.stringify({ keys: this.keys }));
    else if (url === place) {
      const { origin } = new URL(this.url);
      const document = { issuer: this.url, jwks_uri: `${origin}/jwks`, ...this.discovery };
      response.end(JSON.stringify(document));
    } else response.writeHead(404).end();
  }

  #flood(response: ServerResponse): void {
    const chunk = ' '.repeat(65_536);
    const more = (): void => {
      while (response.writable && response.write(chunk)) {
        // Until the socket is full.
      }
    };
    response.on('drain', more);
    more();
  }
}
