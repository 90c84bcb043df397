/**
 * Whose password a request comes with.
 *
 * A user whom nobody knows costs what a known one costs: its password is compared with nothing, at the price of one
 * of the hashes that there are, the same one each time and in every process.
 * Bounds: `identity.basic.concurrencyMax` at once and `pendingMax` waiting, in each worker; more is `passwords_busy`.
 * Source: RFC 7617.
 *
 * @module
 */

import { createHash, createHmac } from 'node:crypto';

import { type PasswordHash, parsePasswordHash } from '../../config/schema/password-hash.ts';
import type { Model } from '../../config/schema.ts';
import type { Word } from '../../native/word.ts';
import { isBasic, readBasic, type UserAndPassword } from './credentials.ts';
import { COST_DEFAULT, isPasswordOf } from './scrypt.ts';
import { Turns } from './turns.ts';

interface Known {
  readonly consumer: string;
  /** SHA-256 of the hash as the configuration has it, hexadecimal. */
  readonly sha256: string;
  readonly hash: PasswordHash;
}

type Verdict = Extract<Word, { kind: 'known' | 'refused' }>;

export interface Passwords {
  /** Null where it is no password that the route is to look at. */
  verify(routeName: string, field: string | undefined, nowMs: number): Promise<Verdict> | null;
}

const RETRY_AFTER_S = 1;

/** The hashes have been checked. */
export function openPasswords({ consumers, identity, routes }: Model): Passwords {
  const users = new Map<string, Known>();
  for (const [consumer, { basic }] of Object.entries(consumers)) {
    for (const { username, passwordHash } of basic) {
      const hash = parsePasswordHash(passwordHash);
      if (typeof hash === 'string') throw new Error(`consumer "${consumer}": ${hash}`);
      users.set(username, { consumer, sha256: digestOf(passwordHash), hash });
    }
  }
  const decoyOf = decoys([...users.values()]);
  const turns = new Turns<boolean>(identity.basic);
  const realms = new Map(
    routes.flatMap(({ name, auth }) => (auth?.basic ? [[name, auth.basic.realm] as const] : [])),
  );

  const decide = async (realm: string, field: string, nowMs: number): Promise<Verdict> => {
    const given = readBasic(field);
    if (given === null) {
      return refused('basic_malformed', 'the Authorization field holds no USER:PASSWORD', realm);
    }
    const known = users.get(given.user);
    const hash = known?.hash ?? decoyOf(given.user);
    const result = turns.take(nameOf(given, hash), () => isPasswordOf(given.password, hash));
    if (result === null) return busy();
    if (!(await result) || known === undefined) return refused('basic_wrong', '', realm);
    const { consumer, sha256 } = known;
    return { kind: 'known', consumer, sha256, rememberUntilMs: nowMs + identity.basic.rememberMs };
  };

  return {
    verify: (routeName, field, nowMs) => {
      const realm = realms.get(routeName);
      return realm === undefined || field === undefined || !isBasic(field)
        ? null
        : decide(realm, field, nowMs);
    },
  };
}

/** Secret salts make a key that every process has and nobody else. */
function decoys(known: readonly Known[]): (user: string) => PasswordHash {
  const key = createHash('sha256');
  for (const { hash } of known) key.update(hash.salt).update(hash.hash);
  const secret = key.digest();
  return (user) => {
    const digest = createHmac('sha256', secret).update(user).digest();
    const like = known[digest.readUInt32BE() % Math.max(1, known.length)]?.hash;
    // Its hash is of nothing: no password is right.
    return { cost: like?.cost ?? COST_DEFAULT, salt: digest, hash: secret };
  };
}

/** Never the password itself. */
function nameOf({ user, password }: UserAndPassword, { salt }: PasswordHash): string {
  return createHmac('sha256', salt).update(`${user}:${password}`).digest('base64');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refused(code: 'basic_malformed' | 'basic_wrong', detail: string, realm: string): Verdict {
  const challenge = `Basic realm="${realm}", charset="UTF-8"`;
  const headers = [['www-authenticate', challenge]] as const;
  return { kind: 'refused', code, status: null, detail, headers };
}

function busy(): Verdict {
  const headers = [['retry-after', String(RETRY_AFTER_S)]] as const;
  return { kind: 'refused', code: 'passwords_busy', status: null, detail: '', headers };
}
