/**
 * An issuer of tokens that gives its keys away when a test lets it: a key pair, tokens signed with it, and
 * a server of its key set.
 *
 * @module
 */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

export class SlowIssuer {
  /** While false, who fetches the key set waits. */
  #answers = true;
  #waiting: (() => Promise<void>)[] = [];
  readonly #server: Server;
  #keys: Keys;
  #keyId = 0;

  private constructor(keys: Keys) {
    this.#keys = keys;
    this.#server = createServer((_, response) => this.#serve(response));
  }

  static async start(): Promise<SlowIssuer> {
    const issuer = new SlowIssuer(await generateKeyPair('ES256'));
    await new Promise<void>((resolve) => issuer.#server.unref().listen(0, '127.0.0.1', resolve));
    return issuer;
  }

  /** Signs with another key from now on, which nobody has seen: the key set is fetched for it. */
  async rotate(): Promise<void> {
    this.#keys = await generateKeyPair('ES256');
    this.#keyId += 1;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The part of a configuration that names it. */
  get yaml(): string {
    return `
identity:
  issuers:
    idp:
      issuer: "${this.url}"
      jwksUrl: "${this.url}/jwks"
      audiences: [gw]
      clockSkewMs: 0
      keys: { cooldownMs: 0, timeoutMs: 9000 }
`;
  }

  /** Whoever fetches the key set from now on waits. */
  hold(): void {
    this.#answers = false;
  }

  /** How many wait for the key set. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Those who wait are answered, and whoever comes. */
  release(): void {
    this.#answers = true;
    for (const answer of this.#waiting.splice(0)) void answer();
  }

  /** A token for this gateway, good for `seconds`. */
  token(claims: JWTPayload = {}, seconds = 300): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000);
    return new SignJWT({ sub: 'shop', tenant: 'acme', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: String(this.#keyId), typ: 'JWT' })
      .setIssuer(this.url)
      .setAudience('gw')
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + seconds)
      .sign(this.#keys.privateKey);
  }

  stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #serve(response: ServerResponse): void {
    const answer = async (): Promise<void> => {
      const key = await exportJWK(this.#keys.publicKey);
      const keys = [{ ...key, kid: String(this.#keyId), alg: 'ES256', use: 'sig' }];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys }));
    };
    if (this.#answers) void answer();
    else this.#waiting.push(answer);
  }
}
