/**
 * What JavaScript says to the question of a paused exchange.
 *
 * Source: native/addon/src/worker/word.rs, which has the bounds.
 *
 * @module
 */

/** Values have no control characters. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** Headers to set, and those with null to take off. */
export type HeaderChanges = readonly (readonly [name: string, value: string | null])[];

/**
 * What a paused exchange goes on with: it is known who calls, its policy admits it, or it is answered with a problem or
 * with something of its own (256 KiB at most). Values of fields have no control characters.
 */
export type Word =
  | {
      readonly kind: 'accepted';
      /** Empty for none, as `tenant`. */
      readonly consumer: string;
      readonly tenant: string;
      /** As `consumer`; a plan that is not configured counts as none. */
      readonly plan: string;
      /** What the token may be revoked by: identifier of its issuer, `jti`, `sub`; each empty for none. */
      readonly issuer: string;
      readonly tokenId: string;
      readonly subject: string;
      /** For the upstream; of those that the route names. */
      readonly headers: Fields;
      /** What the token says, as JSON, for the route's policy; empty where it has none. */
      readonly claims: string;
      /** Until then the same token on the same route, with the same certificate, is not asked about. */
      readonly rememberUntilMs: number | null;
    }
  | {
      /** The password is this consumer's of the configuration. */
      readonly kind: 'known';
      readonly consumer: string;
      /** Of the password's hash as the configuration has it, hexadecimal: what it may be revoked by. */
      readonly sha256: string;
      /** Until then the same password is not asked about, on any route. */
      readonly rememberUntilMs: number;
    }
  | {
      readonly kind: 'admitted';
      readonly upstream: HeaderChanges;
      readonly downstream: HeaderChanges;
    }
  | {
      readonly kind: 'refused';
      readonly code: string;
      /** 400 to 499, in place of the code's own; null is that. */
      readonly status: number | null;
      readonly detail: string;
      readonly headers: Fields;
    }
  | {
      readonly kind: 'local';
      readonly status: number;
      readonly headers: Fields;
      readonly body: string;
    };
