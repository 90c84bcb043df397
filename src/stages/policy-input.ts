/**
 * From the question of a paused exchange to the document that its policy decides on.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import { bodyOf, inputOf, type PolicyBody, type PolicyInput } from '../policy/input.ts';
import type { Known, Question } from './question.ts';

type Route = Model['routes'][number];

/** `question` is one to a policy. Throws for one that is not. */
export function policyInput(question: Question, route: Route): PolicyInput {
  const { known, method, fields, certificateSha256 } = question;
  if (known === null) throw new Error('not a question to a policy');
  const key = route.auth?.apiKey ?? null;
  const { scheme, host, path, query } = partsOf(question.url);
  const { requestId, clientIp, consumer, tenant, plan, claims } = known;
  return inputOf({
    id: requestId,
    method,
    scheme,
    host,
    path,
    query: key?.query == null ? query : withoutKey(query, key.query),
    headers: fields,
    keyHeader: key?.header?.toLowerCase() ?? null,
    body: shownBody(known, question, route.policy?.bodyMaxBytes ?? 0),
    route: route.name,
    consumer,
    tenant,
    plan,
    claims: claims === null ? null : JSON.parse(claims),
    client: { ip: clientIp, certificate: certificateOf(known, certificateSha256) },
  });
}

function certificateOf(
  { certificateSubject: subject }: Known,
  thumbprint: string | null,
): PolicyInput['client']['certificate'] {
  if (thumbprint === null) return null;
  return { subject, sha256: Buffer.from(thumbprint, 'base64url').toString('hex') };
}

/** Null where the policy is shown none, and where there is none. */
function shownBody(known: Known, question: Question, maxBytes: number): PolicyBody | null {
  const { body, bodySizeBytes } = known;
  if (maxBytes === 0 || bodySizeBytes === 0) return null;
  const contentType = question.header('content-type') ?? '';
  return bodyOf(body, { contentType, maxBytes, sizeBytes: bodySizeBytes });
}

interface UrlParts {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** Taken apart, not parsed: the path is as it was matched. */
function partsOf(url: string): UrlParts {
  const [, scheme, host = '', path = '', query = ''] =
    /^(https?):\/\/([^/]*)([^?]*)(\?.*)?$/s.exec(url) ?? [];
  return { scheme: scheme === 'https' ? 'https' : 'http', host, path, query };
}

/** The query without the parameter that holds the API key, however its name is written. */
function withoutKey(query: string, name: string): string {
  const values = new URLSearchParams(query);
  values.delete(name);
  return values.toString();
}
