/**
 * What an issuer answers when it is shown a token that says nothing by itself.
 *
 * An answer counts for `cacheMs`, whichever it is; a token is asked about once at a time. Nothing is kept
 * of a token but its digest. Bounds: 10 000 answers (the oldest goes), 64 questions under way (more are
 * 503), each with `timeoutMs`; documents as `fetch-document.ts` says.
 * Source: RFC 7662 §2, §4 (caching), RFC 6749 §2.3.1 (client credentials).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Deadlines } from './deadline.ts';
import { fetchDocument } from './fetch-document.ts';
import type { Issuer } from './key-source.ts';
import { type Refusal, refusal } from './refusal.ts';
import { type Members, memberOf } from './strict-json.ts';

const ANSWERS_MAX = 10_000;
const QUESTIONS_MAX = 64;

interface Answer {
  /** Null: it is not active. */
  readonly claims: Members | null;
  readonly knownUntilMs: number;
}

interface Told {
  readonly claims: Members;
  readonly issuer: Issuer;
  readonly knownUntilMs: number;
}

export class Introspection {
  readonly #issuer: Issuer;
  readonly #options: NonNullable<Issuer['introspection']>;
  readonly #authorization: string;
  readonly #deadlines = new Deadlines();
  readonly #answers = new Map<string, Answer>();
  readonly #questions = new Map<string, Promise<Answer | null>>();

  /** Throws when the file of the secret can't be read. */
  constructor(issuer: Issuer, options: NonNullable<Issuer['introspection']>) {
    this.#issuer = issuer;
    this.#options = options;
    const secret = readFileSync(options.clientSecretFile, 'utf8').replace(/\r?\n$/, '');
    const credentials = [options.clientId, secret].map(formEncoded).join(':');
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  /** What the issuer says of an active token; never rejects. */
  async ask(token: string, nowMs: number): Promise<Told | Refusal> {
    const digest = createHash('sha256').update(token).digest('base64url');
    const known = this.#answers.get(digest);
    const isFresh = known !== undefined && isWithin(nowMs, known, this.#options.cacheMs);
    const answer = isFresh ? known : await this.#question(digest, token, nowMs);
    if (answer === null) {
      return refusal('issuer_unavailable', 'the token’s issuer cannot be asked about it');
    }
    const { claims, knownUntilMs } = answer;
    if (claims === null) return refusal('token_not_trusted', 'the token is not active');
    const issuer = memberOf(claims, 'iss') ?? this.#issuer.issuer;
    // What is not said to end counts as long as the answer does.
    const ending = { exp: knownUntilMs / 1000, ...claims };
    return issuer === this.#issuer.issuer
      ? { claims: ending, issuer: this.#issuer, knownUntilMs }
      : refusal('token_not_trusted', 'the token is of an issuer that is not believed here');
  }

  /** Ends what is under way. */
  close(): void {
    this.#deadlines.close();
  }

  #question(digest: string, token: string, nowMs: number): Promise<Answer | null> {
    const asked = this.#questions.get(digest);
    if (asked !== undefined) return asked;
    if (this.#questions.size >= QUESTIONS_MAX) return Promise.resolve(null);
    const question = this.#fetch(token, nowMs).then((answer) => {
      this.#questions.delete(digest);
      if (answer !== null) this.#keep(digest, answer);
      return answer;
    });
    this.#questions.set(digest, question);
    return question;
  }

  async #fetch(token: string, nowMs: number): Promise<Answer | null> {
    const { url, timeoutMs, cacheMs } = this.#options;
    const question = {
      method: 'POST',
      headers: { accept: 'application/json', authorization: this.#authorization },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    } as const;
    const fetched = await this.#deadlines.within(timeoutMs, (signal) =>
      fetchDocument(url, signal, question),
    );
    if (!fetched.ok) return null;
    const isActive = memberOf(fetched.document, 'active') === true;
    return { claims: isActive ? fetched.document : null, knownUntilMs: nowMs + cacheMs };
  }

  #keep(digest: string, answer: Answer): void {
    this.#answers.delete(digest);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size >= ANSWERS_MAX && oldest !== undefined) this.#answers.delete(oldest);
    this.#answers.set(digest, answer);
  }
}

/** A clock that went back makes an answer old. */
function isWithin(nowMs: number, { knownUntilMs }: Answer, cacheMs: number): boolean {
  return nowMs < knownUntilMs && nowMs >= knownUntilMs - cacheMs;
}

/** Source: RFC 6749 §2.3.1 and appendix B. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length);
}
