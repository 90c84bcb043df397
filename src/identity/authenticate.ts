/**
 * Who calls, by the token of a request: asked once for a token, and each time for one that is bound.
 *
 * The order is fixed, the first that refuses answers: field → form → issuer → algorithm, type, key and
 * signature → times → audience → binding → scopes and claims → proof of possession. A proof is looked
 * at last, so only what is otherwise right uses it up.
 * Bounds: those of the parts; nothing here waits but for keys.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import { type Credentials, readAuthorization } from './authorization.ts';
import { checkBinding } from './binding.ts';
import { checkAudience, checkRights, checkTimes, type JwtRoute, scopesOf } from './claims.ts';
import { DpopVerifier } from './dpop.ts';
import { type Identity, identityOf } from './identity.ts';
import { Introspection } from './introspection.ts';
import { IssuerKeys, type KeysEvent } from './issuer-keys.ts';
import { type Issuer, keySourceOf } from './key-source.ts';
import { isRefusal, type Refusal, type Refused, refusal, refuse } from './refusal.ts';
import { type Members, memberOf } from './strict-json.ts';
import { isOpaque, parseToken } from './token.ts';
import { type KnownIssuer, verifySignature } from './verify.ts';

export interface CallerRequest {
  readonly method: string;
  /** Absolute, as the caller wrote it; compared with a proof's `htu`. */
  readonly url: string;
  /** Value of a field, several joined by a comma; names in lower case. */
  readonly header: (name: string) => string | undefined;
  /** Of the verified certificate: hexadecimal with or without colons, or base64url. */
  readonly certificateSha256: string | null;
  /** Of the wall clock, since 1970. */
  readonly nowMs: number;
}

export type Authentication =
  | {
      readonly kind: 'accepted';
      readonly identity: Identity;
      /** Everything that the token says, or its issuer of it. */
      readonly claims: Members;
      /** What it may be revoked by, each empty where the token does not say. */
      readonly token: TokenNames;
      /**
       * Until when this token means this identity on this route, without being asked again. Null:
       * each time, because it counts only together with what else the request shows.
       */
      readonly rememberUntilMs: number | null;
    }
  | Refused;

interface TokenNames {
  /** Identifier of the issuer. */
  readonly issuer: string;
  /** Its `jti`. */
  readonly tokenId: string;
  /** Its `sub`. */
  readonly subject: string;
}

export interface Authenticator {
  /** Never rejects for anything in the request. */
  authenticate(routeName: string, request: CallerRequest): Promise<Authentication>;
  close(): Promise<void>;
}

interface Parts {
  readonly issuers: ReadonlyMap<string, KnownIssuer>;
  /** Whom opaque tokens are shown to. */
  readonly opaque: Introspection | null;
  readonly dpop: DpopVerifier;
  readonly tokenMaxBytes: number;
}

/** `onEvent` is told when the keys of an issuer, by its name, can't be had, and when they can again. */
export function openAuthenticator(
  model: Model,
  onEvent: (issuerName: string, event: KeysEvent) => void = () => {},
): Authenticator {
  const named = new Map(
    Object.entries(model.identity.issuers).map(([name, issuer]) => [
      name,
      {
        issuer,
        opaque: issuer.introspection && new Introspection(issuer, issuer.introspection),
        keys: new IssuerKeys(keySourceOf(issuer), issuer.keys, (event) => onEvent(name, event)),
      },
    ]),
  );
  const dpop = new DpopVerifier(model.identity.dpop);
  const { tokenMaxBytes } = model.identity;
  const routes = new Map<string, { readonly jwt: JwtRoute; readonly parts: Parts }>();
  for (const { name, auth } of model.routes) {
    const jwt = auth?.jwt ?? null;
    if (jwt === null) continue;
    const believed = jwt.issuers.flatMap((issuerName) => named.get(issuerName) ?? []);
    const issuers = new Map(believed.map((known) => [known.issuer.issuer, known]));
    const opaque = believed.find((known) => known.opaque !== null)?.opaque ?? null;
    routes.set(name, { jwt, parts: { issuers, opaque, dpop, tokenMaxBytes } });
  }
  return {
    authenticate: async (routeName, request) => {
      const route = routes.get(routeName);
      if (route === undefined) throw new Error(`route "${routeName}" takes no tokens`);
      return authenticate(route.jwt, request, route.parts);
    },
    close: () => {
      for (const { keys, opaque } of named.values()) {
        keys.close();
        opaque?.close();
      }
      return Promise.resolve();
    },
  };
}

async function authenticate(
  jwt: JwtRoute,
  request: CallerRequest,
  parts: Parts,
): Promise<Authentication> {
  const onlyDpop = jwt.bound === 'dpop';
  const told = { scopes: jwt.scopes, resourceMetadata: jwt.resourceMetadata, onlyDpop };
  const credentials = readAuthorization(request.header('authorization'), parts.tokenMaxBytes);
  if (isRefusal(credentials)) return refuse(credentials, told, { isDpop: false });
  const { isDpop } = credentials;
  const found = await accept(credentials, jwt, request, parts);
  if (!isRefusal(found)) return found;
  const nonce = found.refused === 'dpop_nonce_required' ? parts.dpop.nonce(request.nowMs) : null;
  return refuse(found, told, { isDpop, nonce });
}

type Accepted = Extract<Authentication, { kind: 'accepted' }>;

async function accept(
  { token, isDpop }: Credentials,
  jwt: JwtRoute,
  request: CallerRequest,
  parts: Parts,
): Promise<Accepted | Refusal> {
  const { nowMs } = request;
  const said = await claimsOf(token, nowMs, parts);
  if (isRefusal(said)) return said;
  const checked = checkClaims(said, jwt, { ...request, isDpop });
  if (isRefusal(checked)) return checked;
  const { identity, expiresAtMs, keyThumbprint, isBound } = checked;
  if (keyThumbprint !== null) {
    const { method, url } = request;
    const proof = request.header('dpop');
    const proven = { method, url, proof, accessToken: token, keyThumbprint, nowMs };
    const unproven = await parts.dpop.verify(proven);
    if (unproven !== null) return unproven;
  }
  const untilMs = Math.min(expiresAtMs, said.knownUntilMs);
  const isRemembered = !isBound && untilMs > nowMs;
  const rememberUntilMs = isRemembered ? untilMs : null;
  const { claims } = said;
  return { kind: 'accepted', identity, claims, token: namesOf(said), rememberUntilMs };
}

/** As text: an issuer that writes numbers for them means the same token by `7` and `"7"`. */
function namesOf({ claims, issuer }: Said): TokenNames {
  const [tokenId, subject] = ['jti', 'sub'].map((name) => {
    const said = memberOf(claims, name);
    return typeof said === 'string' || typeof said === 'number' ? String(said) : '';
  });
  return { issuer: issuer.issuer, tokenId: tokenId ?? '', subject: subject ?? '' };
}

/** What an issuer says, by its signature or by its answer. */
interface Said {
  readonly claims: Members;
  readonly issuer: Issuer;
  /** Infinite where it is signed. */
  readonly knownUntilMs: number;
}

async function claimsOf(text: string, nowMs: number, parts: Parts): Promise<Said | Refusal> {
  const token = parseToken(text);
  if (typeof token === 'string') {
    return parts.opaque !== null && isOpaque(text)
      ? parts.opaque.ask(text, nowMs)
      : refusal('token_malformed', `the token cannot be read: ${token}`);
  }
  const issuer = memberOf(token.claims, 'iss');
  // A list of one would become its text, so it is no text that is looked up.
  const known = typeof issuer === 'string' ? parts.issuers.get(issuer) : undefined;
  if (known === undefined) {
    return refusal('token_not_trusted', 'the token is of an issuer that is not believed here');
  }
  const forged = await verifySignature(token, known, nowMs);
  const { claims } = token;
  return forged ?? { claims, issuer: known.issuer, knownUntilMs: Number.POSITIVE_INFINITY };
}

interface Checked {
  readonly identity: Identity;
  readonly expiresAtMs: number;
  readonly keyThumbprint: string | null;
  readonly isBound: boolean;
}

function checkClaims(
  { claims, issuer }: Said,
  jwt: JwtRoute,
  request: CallerRequest & { readonly isDpop: boolean },
): Checked | Refusal {
  const { nowMs } = request;
  const expiresAtMs = checkTimes(claims, { nowMs, clockSkewMs: issuer.clockSkewMs });
  if (typeof expiresAtMs !== 'number') return expiresAtMs;
  const misdirected = checkAudience(claims, jwt, issuer);
  if (misdirected !== null) return misdirected;
  const binding = checkBinding(claims, jwt, request);
  if (isRefusal(binding)) return binding;
  const scopes = scopesOf(claims, issuer.claims.scopes);
  if (scopes === null) return refusal('token_malformed', 'the scopes are neither text nor a list');
  const missing = checkRights(claims, scopes, jwt);
  if (missing !== null) return missing;
  const identity = identityOf(claims, { names: issuer.claims, headers: jwt.headers, scopes });
  return isRefusal(identity) ? identity : { identity, expiresAtMs, ...binding };
}
