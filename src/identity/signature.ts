/**
 * Whether a key has signed a token.
 *
 * Source: RFC 7515 §5.2.
 *
 * @module
 */

import { compactVerify } from 'jose';

import { keyFor, type SetKey } from './key-set.ts';
import type { Token } from './token.ts';

/** By the token's own algorithm, which must have been allowed before. False for a key that can't be used. */
export async function isSignedWith(
  { compact, algorithm }: Token,
  candidate: SetKey,
): Promise<boolean> {
  const key = await keyFor(candidate, algorithm);
  if (key === null) return false;
  try {
    await compactVerify(compact, key, { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}
