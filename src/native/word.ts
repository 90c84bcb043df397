/**
 * What JavaScript says to the question of a paused exchange.
 *
 * Source: native/addon/src/worker/word.rs, which has the bounds.
 *
 * @module
 */

/** Values have no control characters. */
export type Fields = readonly (readonly [name: string, value: string])[];

/**
 * What a paused exchange goes on with: it is known who calls, or it is answered with a problem or
 * with something of its own (256 KiB at most). Values of fields have no control characters.
 */
export type Word =
  | {
      readonly kind: 'accepted';
      /** Empty for none, as `tenant`. */
      readonly consumer: string;
      readonly tenant: string;
      /** What the token may be revoked by: identifier of its issuer, `jti`, `sub`; each empty for none. */
      readonly issuer: string;
      readonly tokenId: string;
      readonly subject: string;
      /** For the upstream; of those that the route names. */
      readonly headers: Fields;
      /** Until then the same token on the same route, with the same certificate, is not asked about. */
      readonly rememberUntilMs: number | null;
    }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly detail: string;
      readonly headers: Fields;
    }
  | {
      readonly kind: 'local';
      readonly status: number;
      readonly headers: Fields;
      readonly body: string;
    };
