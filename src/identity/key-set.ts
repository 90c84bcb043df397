/**
 * A key set: which of an issuer's keys may have signed a token.
 *
 * What a key says of itself is believed against it: `use`, `key_ops` and `alg` each rule it out. Only
 * public members are imported, so a set that holds a secret by mistake gives none away.
 * Bounds: 256 keys in a set, 4 tried for one token; RSA from 2048 to 8192 bits.
 * Source: RFC 7517 §4, §5; RFC 7518 §3.3, §6; RFC 8037 §2.
 *
 * @module
 */

import { type CryptoKey, importJWK, type JWK } from 'jose';

import { isMembers, type Members, memberOf } from './strict-json.ts';

const KEYS_MAX = 256;
const TRIED_MAX = 4;
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 8192;

/** Kind of key that an algorithm takes: `kty`, and `crv` where there is one. */
// biome-ignore format: a table is read by column.
const KINDS = new Map<string, readonly [kty: string, crv: string | null]>([
  ['RS256', ['RSA', null]], ['RS384', ['RSA', null]], ['RS512', ['RSA', null]],
  ['PS256', ['RSA', null]], ['PS384', ['RSA', null]], ['PS512', ['RSA', null]],
  ['ES256', ['EC', 'P-256']], ['ES384', ['EC', 'P-384']], ['ES512', ['EC', 'P-521']],
  ['EdDSA', ['OKP', 'Ed25519']], ['Ed25519', ['OKP', 'Ed25519']],
]);

/** Members that make up a public key, by `kty`. */
const PUBLIC = new Map<string, readonly string[]>([
  ['RSA', ['n', 'e']],
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
]);

/** One key, imported for an algorithm when it is first needed. */
export interface SetKey {
  readonly jwk: Members;
  readonly imported: Map<string, Promise<CryptoKey | null>>;
}

/** Null when it is no key set. Keys of kinds that are not known are left out. */
export function readKeySet(document: Members): readonly SetKey[] | null {
  const keys = memberOf(document, 'keys');
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return null;
  return keys
    .filter(isMembers)
    .filter((jwk) => PUBLIC.has(String(memberOf(jwk, 'kty'))))
    .map((jwk) => ({ jwk, imported: new Map() }));
}

/** Those that may have signed: at most 4, none when the algorithm takes no public key. */
export function candidates(
  keys: readonly SetKey[],
  { algorithm, keyId }: { readonly algorithm: string; readonly keyId: string | null },
): readonly SetKey[] {
  return keys
    .filter(({ jwk }) => keyId === null || memberOf(jwk, 'kid') === keyId)
    .filter(({ jwk }) => mayVerify(jwk, algorithm))
    .slice(0, TRIED_MAX);
}

/** Whether a key of this kind, by what it says of itself, may verify this algorithm. */
export function mayVerify(jwk: Members, algorithm: string): boolean {
  const [kty, crv] = KINDS.get(algorithm) ?? [];
  if (kty === undefined || memberOf(jwk, 'kty') !== kty) return false;
  if (crv !== null && memberOf(jwk, 'crv') !== crv) return false;
  return isMeantFor(jwk, algorithm) && (kty !== 'RSA' || isStrongModulus(memberOf(jwk, 'n')));
}

/** Source: RFC 7517 §4.2 to §4.4; what is absent rules nothing out. */
function isMeantFor(jwk: Members, algorithm: string): boolean {
  const use = memberOf(jwk, 'use') ?? 'sig';
  const operations = memberOf(jwk, 'key_ops') ?? ['verify'];
  const named = memberOf(jwk, 'alg') ?? algorithm;
  const mayBeUsed = use === 'sig' && Array.isArray(operations) && operations.includes('verify');
  return mayBeUsed && canonical(named) === canonical(algorithm);
}

/** Null when the key is broken. Imports once for each algorithm. */
export function keyFor({ jwk, imported }: SetKey, algorithm: string): Promise<CryptoKey | null> {
  const known = imported.get(algorithm);
  if (known !== undefined) return known;
  const key = importPublic(jwk, algorithm);
  imported.set(algorithm, key);
  return key;
}

async function importPublic(jwk: Members, algorithm: string): Promise<CryptoKey | null> {
  try {
    const key = await importJWK(publicPart(jwk), algorithm);
    return key instanceof Uint8Array ? null : key;
  } catch {
    return null;
  }
}

/** The key without private members, names and uses. */
export function publicPart(jwk: Members): JWK {
  const kty = String(memberOf(jwk, 'kty'));
  const members = PUBLIC.get(kty) ?? [];
  return { kty, ...Object.fromEntries(members.map((name) => [name, memberOf(jwk, name)])) };
}

/** RFC 9864 gives `EdDSA` over Ed25519 a name of its own. */
function canonical(algorithm: unknown): unknown {
  return algorithm === 'EdDSA' ? 'Ed25519' : algorithm;
}

function isStrongModulus(modulus: unknown): boolean {
  if (typeof modulus !== 'string' || modulus.length > RSA_MAX_BITS) return false;
  const hex = Buffer.from(modulus, 'base64url').toString('hex').replace(/^0+/, '');
  const leading = Number.parseInt(hex.charAt(0), 16);
  const bits = hex.length === 0 ? 0 : hex.length * 4 - (Math.clz32(leading) - 28);
  return bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS;
}
