/**
 * What a page may do in a browser: its own inline scripts by their hash, nothing from elsewhere.
 *
 * Styles may be inline, since charts are drawn with style attributes, which have no hash.
 *
 * Source: CSP Level 3, W3C Working Draft, §6.7.3.3 (a script's hash is of its exact text).
 *
 * @module
 */

import { createHash } from 'node:crypto';

const SCRIPTS = /<script\b[^>]*>([\s\S]*?)<\/script\s*>/gi;
/** A page with more scripts than that is none of ours: the rest does not run. */
const SCRIPTS_MAX = 64;

/** For a page that shows text only, such as JSON. */
export const NOTHING_POLICY = policyOf("script-src 'none'; style-src 'none'");

export function pagePolicy(html: string): string {
  const hashes = Array.from(html.matchAll(SCRIPTS), ([, text = '']) => sourceOf(text));
  const scripts = [...new Set(hashes)].slice(0, SCRIPTS_MAX).join(' ') || "'none'";
  return policyOf(`script-src ${scripts}; style-src 'unsafe-inline'`);
}

function policyOf(own: string): string {
  return `default-src 'none'; ${own}; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

function sourceOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
