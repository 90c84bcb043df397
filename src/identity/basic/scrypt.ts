/**
 * Making and comparing hashes of passwords, in libuv's threads.
 *
 * Bounds: those of `costProblem`. Source: RFC 7914.
 *
 * @module
 */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

import {
  formatPasswordHash,
  memoryBytes,
  type PasswordHash,
  type ScryptCost,
} from '../../config/schema/password-hash.ts';

/** 32 MiB and about as long as OWASP's Password Storage Cheat Sheet asks for. */
export const COST_DEFAULT: ScryptCost = { ln: 15, r: 8, p: 3 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** `password` is in normal form. Rejects when there is no memory for it. */
export async function hashPassword(password: string, cost: ScryptCost): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { cost, salt, bytes: HASH_BYTES });
  return formatPasswordHash({ cost, salt, hash });
}

/** Compares in constant time. Rejects when there is no memory for it. */
export async function isPasswordOf(password: string, known: PasswordHash): Promise<boolean> {
  const { cost, salt, hash } = known;
  return timingSafeEqual(await derive(password, { cost, salt, bytes: hash.length }), hash);
}

function derive(
  password: string,
  {
    cost,
    salt,
    bytes,
  }: { readonly cost: ScryptCost; readonly salt: Buffer; readonly bytes: number },
): Promise<Buffer> {
  const { ln, r, p } = cost;
  // OpenSSL counts what it needs besides the large table, too.
  const maxmem = 2 * memoryBytes(cost) + 128 * r * p;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, { N: 2 ** ln, r, p, maxmem }, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    );
  });
}
