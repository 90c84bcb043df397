/**
 * `/revocations`: what is revoked, one more, or one less.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { readJson } from './body.ts';
import { type AdminProblem, sendProblem } from './problem.ts';
import { sendJson } from './send.ts';

/** What changes them. A change that has returned holds in every worker. */
export interface RevocationList {
  list(): readonly object[];
  revoke(request: unknown): Change;
  undo(id: string): Change;
}

type Change =
  | { readonly revocation: object; readonly isNew: boolean }
  | { readonly refused: AdminProblem; readonly detail: string };

export function sendRevocations(response: ServerResponse, list: RevocationList): void {
  sendJson(response, 200, { revocations: list.list() });
}

export async function revoke(
  request: IncomingMessage,
  response: ServerResponse,
  list: RevocationList,
): Promise<void> {
  const body = await readJson(request);
  if (!body.ok) {
    // What is left of it is not read.
    sendProblem(response, body.code, body.detail, { connection: 'close' });
    return;
  }
  sendChange(response, list.revoke(body.value));
}

export function undoRevocation(response: ServerResponse, id: string, list: RevocationList): void {
  sendChange(response, list.undo(id));
}

function sendChange(response: ServerResponse, change: Change): void {
  if ('refused' in change) sendProblem(response, change.refused, change.detail);
  else sendJson(response, change.isNew ? 201 : 200, change.revocation);
}
