/**
 * Hashes of passwords as text: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, salt and hash in base64 without padding.
 *
 * Bounds: 64 MiB of memory and 2^21 blocks mixed for one password, 2^14 at least; so a configuration can't make
 * verifying cheap to guess or too dear to serve.
 * Source: RFC 7914 §2 (N = 2^ln, r, p), the PHC string format, RFC 4648 §4 and §3.5 (bits left over are zero).
 *
 * @module
 */

export interface ScryptCost {
  /** Logarithm of N to the base 2. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const LN_MIN = 14;
const R_MIN = 8;
const MEMORY_MAX_BYTES = 64 * 1024 * 1024;
const WORK_MAX_BLOCKS = 2 ** 21;
const SALT_BYTES = { min: 16, max: 64 };
const HASH_BYTES = { min: 32, max: 64 };

const FORM =
  /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([\w+/]{1,100})\$([\w+/]{1,100})$/;

/** Takes a hash apart; a sentence when it is none, or none that may be used here. Holds nothing of it. */
export function parsePasswordHash(text: string): PasswordHash | string {
  const [, ln, r, p, saltText, hashText] = FORM.exec(text) ?? [];
  if (saltText === undefined || hashText === undefined) {
    return 'expected $scrypt$ln=…,r=…,p=…$SALT$HASH, as `keys hash-password` prints it';
  }
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const wrong = costProblem(cost);
  if (wrong !== null) return wrong;
  const [salt, hash] = [unpadded(saltText), unpadded(hashText)];
  if (salt === null || salt.length < SALT_BYTES.min || salt.length > SALT_BYTES.max) {
    return `the salt has to be ${SALT_BYTES.min} to ${SALT_BYTES.max} bytes in base64 without padding`;
  }
  if (hash === null || hash.length < HASH_BYTES.min || hash.length > HASH_BYTES.max) {
    return `the hash has to be ${HASH_BYTES.min} to ${HASH_BYTES.max} bytes in base64 without padding`;
  }
  return { cost, salt, hash };
}

export function formatPasswordHash({ cost: { ln, r, p }, salt, hash }: PasswordHash): string {
  const [saltText, hashText] = [salt, hash].map((bytes) => withoutPadding(bytes));
  return `$scrypt$ln=${ln},r=${r},p=${p}$${saltText}$${hashText}`;
}

/** Why a cost may not be used; null when it may. */
export function costProblem({ ln, r, p }: ScryptCost): string | null {
  if (ln < LN_MIN || r < R_MIN)
    return `too cheap to guess: ln is ${LN_MIN} and r ${R_MIN} at least`;
  if (memoryBytes({ ln, r, p }) > MEMORY_MAX_BYTES) {
    return 'would take more than 64 MiB for one password: lower ln or r';
  }
  if (2 ** ln * r * p > WORK_MAX_BLOCKS)
    return 'would take too long for one password: lower p or ln';
  return null;
}

/** What deriving needs. Source: RFC 7914 §2. */
export function memoryBytes({ ln, r }: ScryptCost): number {
  return 128 * r * 2 ** ln;
}

function unpadded(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return withoutPadding(bytes) === text ? bytes : null;
}

function withoutPadding(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
