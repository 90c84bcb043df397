/**
 * Every way the control plane can fail, as one closed table.
 *
 * What a caller of the gateway sees is not here: those problem codes are native
 * (`native/core/src/problem.rs`), because native code writes the answer. Nothing on the way of a
 * request throws; `GatewayError` is for start-up, configuration and supervision, where a stack
 * trace is worth its cost.
 *
 * @module
 */

interface FailureSpec {
  /** What the process answers with: 1 is a failure, 2 is a command that makes no sense. */
  readonly exitCode: 1 | 2;
  readonly title: string;
}

/** Codes appear in logs and are never renamed. */
// biome-ignore format: a table is read by column.
export const FAILURES = {
  usage:          { exitCode: 2, title: 'The command makes no sense' },
  config_invalid: { exitCode: 1, title: 'The configuration is not valid' },
  addon_missing:  { exitCode: 1, title: 'The native addon is not built' },
  address_in_use: { exitCode: 1, title: 'The address cannot be bound' },
  worker_failed:  { exitCode: 1, title: 'A worker did not start' },
  sink_failed:    { exitCode: 1, title: 'The sink of usage events failed' },
  quotas_failed:  { exitCode: 1, title: 'The file of quotas cannot be used' },
  revocations_unreadable: { exitCode: 1, title: 'What is revoked cannot be read' },
  admin_refused:  { exitCode: 1, title: 'The admin listener refused' },
  internal:       { exitCode: 1, title: 'A defect in the gateway' },
} as const satisfies Record<string, FailureSpec>;

export type FailureCode = keyof typeof FAILURES;

/** Thrown by the control plane only. `detail` is one sentence a person can act on. */
export class GatewayError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'GatewayError';
    this.code = code;
  }

  get exitCode(): number {
    return FAILURES[this.code].exitCode;
  }
}
