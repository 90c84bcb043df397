/**
 * Proofs of possession: that whoever sends a token holds the key that it was made for.
 *
 * A proof counts once, for one method, one URL and one token, within `iatWindowMs` of now. The store of
 * seen proofs is this process's own; with `nonce` a proof counts only where its nonce came from, so
 * no other worker takes it.
 * Bounds: 8192 characters of a proof, 256 of its `jti`; the store as configured.
 * Source: RFC 9449 §4.2, §4.3, §7, §8, §9, §11.1.
 *
 * @module
 */

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

import type { Model } from '../config/schema.ts';
import { mayVerify, publicPart } from './key-set.ts';
import { type Refusal, refusal } from './refusal.ts';
import { ReplayStore } from './replay-store.ts';
import { isSignedWith } from './signature.ts';
import { isMembers, type Members, memberOf } from './strict-json.ts';
import { parseToken, type Token } from './token.ts';

export interface Proven {
  readonly method: string;
  readonly url: string;
  /** Value of the field `DPoP`. */
  readonly proof: string | undefined;
  readonly accessToken: string;
  /** `cnf.jkt` of the token. */
  readonly keyThumbprint: string;
  readonly nowMs: number;
}

const PROOF_MAX_CHARS = 8192;
const ID_MAX_CHARS = 256;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export class DpopVerifier {
  readonly #options: Model['identity']['dpop'];
  readonly #seen: ReplayStore;
  readonly #secret = randomBytes(32);

  constructor(options: Model['identity']['dpop']) {
    this.#options = options;
    // A proof from the window's far end is still young enough at its near end.
    this.#seen = new ReplayStore({
      keptMs: 2 * options.iatWindowMs,
      entriesMax: options.replaysMax,
    });
  }

  /** Null when the proof holds; from then on it does not any more. */
  async verify(request: Proven): Promise<Refusal | null> {
    const proof = readProof(request.proof);
    if (typeof proof === 'string') return invalid(proof);
    const jwk = proofKey(proof);
    if (jwk === null) return invalid('its header has no public key for its algorithm');
    if (!(await isSignedWith(proof, { jwk: jwk, imported: new Map() })))
      return invalid('its signature is wrong');
    const wrong =
      this.#checkClaims(proof.claims, request) ??
      ((await calculateJwkThumbprint(publicPart(jwk))) === request.keyThumbprint
        ? null
        : refusal('token_not_bound', 'the token is bound to another key than the proof'));
    return wrong ?? this.#remember(proof.claims, request);
  }

  /** A nonce of this process, which counts for one or two windows; null where none is asked for. */
  nonce(nowMs: number): string | null {
    return this.#options.nonce ? this.#nonceOf(this.#window(nowMs)) : null;
  }

  #checkClaims(claims: Members, { method, url, accessToken, nowMs }: Proven): Refusal | null {
    const issuedAt = memberOf(claims, 'iat');
    const id = memberOf(claims, 'jti');
    if (memberOf(claims, 'htm') !== method) return invalid('it is made for another method');
    if (!isSameTarget(memberOf(claims, 'htu'), url)) return invalid('it is made for another URL');
    if (memberOf(claims, 'ath') !== sha256(accessToken)) {
      return invalid('it is made for another token');
    }
    if (typeof id !== 'string' || id === '' || id.length > ID_MAX_CHARS) {
      return invalid('it has no jti, or a long one');
    }
    if (this.#options.nonce && !this.#isNonce(memberOf(claims, 'nonce'), nowMs)) {
      return refusal('dpop_nonce_required', 'the proof has no nonce of this server, or an old one');
    }
    // Not "greater than": what is not a number is in no window.
    const isNear =
      typeof issuedAt === 'number' &&
      Math.abs(issuedAt * 1000 - nowMs) <= this.#options.iatWindowMs;
    return isNear ? null : invalid('it was not made now');
  }

  #remember(claims: Members, { keyThumbprint, nowMs }: Proven): Refusal | null {
    const id = sha256(`${keyThumbprint} ${String(memberOf(claims, 'jti'))}`);
    const found = this.#seen.add(id, nowMs);
    if (found === 'full') return refusal('overloaded', 'more proofs than identity.dpop.replaysMax');
    return found === 'new' ? null : invalid('it has been used before');
  }

  #isNonce(nonce: unknown, nowMs: number): boolean {
    if (typeof nonce !== 'string') return false;
    const window = this.#window(nowMs);
    return [window, window - 1].some((one) => isEqual(this.#nonceOf(one), nonce));
  }

  #window(nowMs: number): number {
    return Math.floor(nowMs / this.#options.iatWindowMs);
  }

  #nonceOf(window: number): string {
    return createHmac('sha256', this.#secret).update(String(window)).digest('base64url');
  }
}

/** The proof, not yet believed, or what is wrong with its form. */
function readProof(proof: string | undefined): Token | string {
  if (proof === undefined || proof === '') return 'there is none';
  if (proof.length > PROOF_MAX_CHARS) return 'it is too long';
  const token = parseToken(proof);
  if (typeof token === 'string') return token;
  return token.type === 'dpop+jwt' ? token : 'its typ is not dpop+jwt';
}

/** The key that a proof carries; null when it could not have signed it, or should not be known. */
function proofKey({ header, algorithm }: Token): Members | null {
  const jwk = memberOf(header, 'jwk');
  if (!isMembers(jwk) || !mayVerify(jwk, algorithm)) return null;
  return PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name)) ? null : jwk;
}

/** Without query and fragment, after the normalisation of URLs. Source: RFC 9449 §4.3, step 9. */
function isSameTarget(claim: unknown, url: string): boolean {
  if (typeof claim !== 'string' || !URL.canParse(claim) || !URL.canParse(url)) return false;
  const [named, actual] = [new URL(claim), new URL(url)];
  return named.origin === actual.origin && named.pathname === actual.pathname;
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function invalid(reason: string): Refusal {
  return refusal('dpop_proof_invalid', `the proof does not hold: ${reason}`);
}
