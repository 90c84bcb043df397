/**
 * Why a caller is refused, and what the answer tells it to do.
 *
 * Codes are those of `native/core/src/problem.rs`. A detail never holds anything of the token.
 * Source: RFC 6750 §3 (Bearer), RFC 9449 §7.1 (DPoP), RFC 9728 §5.1 (resource_metadata).
 *
 * @module
 */

/** Status and the error code that the challenge has; null is none. */
// biome-ignore format: a table is read by column.
const REFUSALS = {
  token_missing:       { status: 401, error: null },
  token_malformed:     { status: 401, error: 'invalid_token' },
  token_not_trusted:   { status: 401, error: 'invalid_token' },
  token_expired:       { status: 401, error: 'invalid_token' },
  token_not_bound:     { status: 401, error: 'invalid_token' },
  dpop_proof_invalid:  { status: 401, error: 'invalid_dpop_proof' },
  dpop_nonce_required: { status: 401, error: 'use_dpop_nonce' },
  insufficient_scope:  { status: 403, error: 'insufficient_scope' },
  claims_refused:      { status: 403, error: 'insufficient_scope' },
  issuer_unavailable:  { status: 503, error: null },
  overloaded:          { status: 503, error: null },
} as const;

type RefusalCode = keyof typeof REFUSALS;

/** One reason, before it is known what the route tells its callers. */
export interface Refusal {
  readonly refused: RefusalCode;
  /** A sentence without a full stop. */
  readonly detail: string;
}

/** What the challenges of a route say in every case. */
export interface Challenged {
  readonly scopes: readonly string[];
  readonly resourceMetadata: string | null;
  /** Tokens that are not bound to a key of the caller are of no use here. */
  readonly onlyDpop: boolean;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: 401 | 403 | 503;
  readonly code: RefusalCode;
  readonly detail: string;
  /** Values of as many `WWW-Authenticate` fields. */
  readonly wwwAuthenticate: readonly string[];
  /** Value of a `DPoP-Nonce` field, if there is to be one. */
  readonly dpopNonce: string | null;
}

const DPOP_ALGORITHMS = 'ES256 ES384 ES512 EdDSA Ed25519 PS256 PS384 PS512 RS256 RS384 RS512';

export function refusal(refused: RefusalCode, detail: string): Refusal {
  return { refused, detail };
}

export function isRefusal(found: object): found is Refusal {
  return 'refused' in found;
}

/** `isDpop`: the caller came with the scheme `DPoP`. */
export function refuse(
  { refused: code, detail }: Refusal,
  route: Challenged,
  { isDpop, nonce = null }: { readonly isDpop: boolean; readonly nonce?: string | null },
): Refused {
  const { status, error } = REFUSALS[code];
  const schemes = isDpop || route.onlyDpop ? ['DPoP'] : ['Bearer'];
  const wwwAuthenticate =
    status === 503 ? [] : schemes.map((scheme) => challenge(scheme, route, { error, detail }));
  return { kind: 'refused', status, code, detail, wwwAuthenticate, dpopNonce: nonce };
}

function challenge(
  scheme: string,
  { scopes, resourceMetadata }: Challenged,
  { error, detail }: { readonly error: string | null; readonly detail: string },
): string {
  const parameters: (readonly [string, string])[] = [['realm', 'stoa']];
  if (error !== null) parameters.push(['error', error], ['error_description', detail]);
  const tellsScope = error === null || error === 'insufficient_scope';
  if (tellsScope && scopes.length > 0) parameters.push(['scope', scopes.join(' ')]);
  if (scheme === 'DPoP') parameters.push(['algs', DPOP_ALGORITHMS]);
  if (resourceMetadata !== null) parameters.push(['resource_metadata', resourceMetadata]);
  return `${scheme} ${parameters.map(([name, value]) => `${name}="${quotable(value)}"`).join(', ')}`;
}

/** Source: RFC 6750 §3: printable ASCII without quote and backslash. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '');
}
