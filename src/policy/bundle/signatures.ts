/**
 * Verifies that a bundle is what somebody with a key has signed: `.signatures.json`.
 *
 * Exactly one signature, by the algorithm that was configured; it lists every file of the bundle and
 * no other, each with its SHA-2 digest. Of `data.json` and `.manifest` the digest is that of their
 * content, whatever their layout; a number in them that JSON writes in another way (`1.0`, `1e3`) is a
 * mismatch. Source: openpolicyagent.org/docs/management-bundles, Signing.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { compactVerify, importSPKI } from 'jose';

import { parseObject } from './bundle.ts';

export interface Verification {
  /** PEM of the public key (SPKI). */
  readonly publicKey: string;
  readonly algorithm: 'RS256' | 'ES256';
  /** What the signature has to name; null is anything. */
  readonly keyId: string | null;
  readonly scope: string | null;
}

const SIGNATURES = '.signatures.json';
const STRUCTURED = new Set(['data.json', '.manifest']);
const DIGESTS: Readonly<Record<string, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Rejects with a sentence that says what is not as it was signed. */
export async function verifyBundle(
  files: ReadonlyMap<string, Buffer>,
  verification: Verification,
): Promise<void> {
  const signed = await signedFiles(files, verification);
  for (const [name, content] of files) {
    if (name === SIGNATURES) continue;
    const digest = signed.get(name);
    if (digest === undefined) throw new Error(`${name} is not in the bundle's signature`);
    signed.delete(name);
    if (digestOf(name, content, digest.algorithm) !== digest.hash) {
      throw new Error(`${name} is not what was signed`);
    }
  }
  const [missing] = signed.keys();
  if (missing !== undefined) throw new Error(`${missing} was signed and is not in the bundle`);
}

interface Digest {
  readonly algorithm: string;
  readonly hash: string;
}

async function signedFiles(
  files: ReadonlyMap<string, Buffer>,
  { publicKey, algorithm, keyId, scope }: Verification,
): Promise<Map<string, Digest>> {
  const { signatures } = parseObject(SIGNATURES, files.get(SIGNATURES));
  const [token, ...others] = Array.isArray(signatures) ? signatures : [];
  if (typeof token !== 'string' || others.length > 0) {
    throw new Error('the bundle has no signature, or more than one');
  }
  const key = await importSPKI(publicKey, algorithm);
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] });
  const claims = parseObject('the signature', Buffer.from(payload));
  if (keyId !== null && (protectedHeader.kid ?? claims['keyid']) !== keyId) {
    throw new Error('the bundle is signed by another key');
  }
  if (scope !== null && claims['scope'] !== scope) {
    throw new Error('the bundle is signed for another scope');
  }
  return digestsOf(claims['files']);
}

function digestsOf(listed: unknown): Map<string, Digest> {
  if (!Array.isArray(listed)) throw new Error('the signature lists no files');
  const digests = new Map<string, Digest>();
  for (const entry of listed as readonly unknown[]) {
    const { name, hash, algorithm } = parseEntry(entry);
    if (digests.has(name)) throw new Error(`the signature lists ${name} twice`);
    digests.set(name, { hash: hash.toLowerCase(), algorithm });
  }
  return digests;
}

function parseEntry(entry: unknown): Digest & { readonly name: string } {
  if (
    typeof entry === 'object' &&
    entry !== null &&
    'name' in entry &&
    'hash' in entry &&
    'algorithm' in entry
  ) {
    const { name, hash, algorithm } = entry;
    if (typeof name === 'string' && typeof hash === 'string' && typeof algorithm === 'string') {
      return { name: name.replace(/^\/+/, ''), hash, algorithm };
    }
  }
  throw new Error('the signature lists a file without name, hash or algorithm');
}

function digestOf(name: string, content: Buffer, algorithm: string): string {
  const digest = DIGESTS[algorithm];
  if (digest === undefined) throw new Error(`${name} is signed with ${algorithm.slice(0, 32)}`);
  const structured = STRUCTURED.has(name.slice(name.lastIndexOf('/') + 1));
  return createHash(digest)
    .update(structured ? canonical(parseObject(name, content)) : content)
    .digest('hex');
}

/** Members in the order of their names' bytes, no spaces, texts as Go writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .toSorted(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      .map(([name, one]) => `${canonical(name)}:${canonical(one)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value).replaceAll(
    /[\u2028\u2029]/g,
    (separator) => `\\u${separator.charCodeAt(0).toString(16)}`,
  );
}
