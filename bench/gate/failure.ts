/**
 * What keeps the gate from an answer, told to a person: what is wrong, and what to do.
 *
 * @module
 */

/** `usage`: the question can't be understood; `internal`: it can't be answered. */
export interface GateFailure extends Error {
  readonly kind: 'usage' | 'internal';
}

function failureOf(kind: GateFailure['kind'], message: string, cause?: unknown): GateFailure {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(error, { kind });
}

export function usageFailure(message: string): GateFailure {
  return failureOf('usage', message);
}

export function internalFailure(message: string, cause?: unknown): GateFailure {
  return failureOf('internal', message, cause);
}

export function isGateFailure(error: unknown): error is GateFailure {
  return error instanceof Error && 'kind' in error;
}
