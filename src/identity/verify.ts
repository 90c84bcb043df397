/**
 * One token against one issuer: algorithm, type, keys, signature.
 *
 * Source: RFC 7515 §5.2, RFC 8725 §3.1 (algorithms by allow-list), §3.11 (explicit types).
 *
 * @module
 */

import type { IssuerKeys } from './issuer-keys.ts';
import { candidates } from './key-set.ts';
import type { Issuer } from './key-source.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isSignedWith } from './signature.ts';
import { mediaTypeOf, type Token } from './token.ts';

/** An issuer with its keys. */
export interface KnownIssuer {
  readonly issuer: Issuer;
  readonly keys: IssuerKeys;
}

/** A token without a type counts as this one. */
const TYPE_DEFAULT = 'jwt';

/** Null when the issuer signed it. */
export async function verifySignature(
  token: Token,
  { issuer, keys }: KnownIssuer,
  nowMs: number,
): Promise<Refusal | null> {
  if (!issuer.algorithms.some((algorithm) => algorithm === token.algorithm)) {
    return untrusted('its algorithm is not among those of its issuer');
  }
  const type = token.type ?? TYPE_DEFAULT;
  if (!issuer.types.some((accepted) => mediaTypeOf(accepted) === type)) {
    return untrusted('it is a token of another type');
  }
  const found = await keys.find((set) => candidates(set, token), nowMs);
  if (found === null) {
    return refusal('issuer_unavailable', 'the keys of the token’s issuer cannot be fetched');
  }
  for (const candidate of found) {
    // oxlint-disable-next-line no-await-in-loop -- at most four, and the first is nearly always it
    if (await isSignedWith(token, candidate)) return null;
  }
  return untrusted(found.length === 0 ? 'its key is not known' : 'its signature is wrong');
}

function untrusted(reason: string): Refusal {
  return refusal('token_not_trusted', `the token is not trusted: ${reason}`);
}
