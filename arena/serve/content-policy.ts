/**
 * What a page may do in a browser: its own inline scripts and style sheets, by their hash, and
 * nothing from elsewhere.
 *
 * Source: CSP Level 3, W3C Working Draft, §6.7.3.3 (a hash is of an element's exact text).
 *
 * @module
 */

import { createHash } from 'node:crypto';

const SCRIPTS = /<script\b[^>]*>([\s\S]*?)<\/script\s*>/gi;
const STYLES = /<style\b[^>]*>([\s\S]*?)<\/style\s*>/gi;
/** A page with more of a kind than that is none of ours: the rest has no effect. */
const ELEMENTS_MAX = 64;

/** For what is no page, such as JSON. */
export const NOTHING_POLICY = pagePolicy('');

export function pagePolicy(html: string): string {
  const own = `script-src ${sources(html, SCRIPTS)}; style-src ${sources(html, STYLES)}`;
  return `default-src 'none'; ${own}; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

function sources(html: string, elements: RegExp): string {
  const hashes = Array.from(html.matchAll(elements), ([, text = '']) => hashOf(text));
  return [...new Set(hashes)].slice(0, ELEMENTS_MAX).join(' ') || "'none'";
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
