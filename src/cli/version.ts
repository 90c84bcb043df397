/** The product's version, from its package.json. @module */

import { readFileSync } from 'node:fs';

/** From dist/src/cli. */
const MANIFEST = new URL('../../../package.json', import.meta.url);

export function versionText(): string {
  const manifest: unknown = JSON.parse(readFileSync(MANIFEST, 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  return `stoa-gateway ${version} (node ${process.versions.node}, ${process.platform} ${process.arch})`;
}
