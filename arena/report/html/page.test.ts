/**
 * The page as a browser shows it; skipped where there is no Chromium.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { fixture } from '../fixture.ts';
import { FIXTURE_PLAN } from '../fixture-plan.ts';
import { htmlReport } from './page.ts';

/** The little that is used of playwright-core, whose own types want those of a browser. */
interface Page {
  on(event: 'console', listener: (message: { text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}

const require = createRequire(import.meta.url);
const playwright: { chromium: { launch(options: object): Promise<Browser> } } =
  require('playwright-core');

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const PLAN = {
  ...FIXTURE_PLAN,
  rounds: 2,
  tiers: ['pass', 'key', 'full'],
  bodies: [0, 1024],
} as const;
const HTML = htmlReport(fixture(PLAN), { earlier: [fixture({ ...PLAN, day: 13 })] });

describe('the HTML report', () => {
  it('has neither script, inline style nor address to load from', () => {
    assert.doesNotMatch(
      HTML,
      /<script|\sstyle=|\son[a-z]+=|<link rel="stylesheet"|@import|url\(http/i,
    );
    assert.doesNotMatch(HTML, /(?:src|href)="(?!#|data:,")/);
  });

  it('escapes what comes from the records', () => {
    const records = fixture({ ...PLAN, rounds: 1, tiers: ['pass'], bodies: [0] }).map((record) =>
      record.kind === 'target' && record.target === 'nginx'
        ? { ...record, title: '<b onload=x>"&\'', version: '</style><script>alert(1)</script>' }
        : record,
    );
    assert.doesNotMatch(htmlReport(records), /<b onload|<script/);
  });

  it('has each id once, and a heading or label for everything', () => {
    const ids = [...HTML.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(
      ids.filter((id, at) => ids.indexOf(id) !== at),
      [],
    );
    const anchors = [...HTML.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    assert.ok(anchors.length > 5 && anchors.every((id) => ids.includes(id)));
    assert.equal(HTML.match(/<table\b/g)?.length, HTML.match(/<caption>/g)?.length);
    assert.equal(
      HTML.match(/<svg class="chart"/g)?.length,
      HTML.match(/<svg class="chart" role="img" aria-label="[^"]{20,}"/g)?.length,
    );
  });

  it('keeps one colour for a target in all charts and tables', () => {
    const classes = [...HTML.matchAll(/<span class="swatch ([^"]+)"[^>]*><\/span>nginx</g)];
    assert.deepEqual(new Set(classes.map(([, name]) => name)).size, 1);
  });
});

const skip =
  existsSync(CHROMIUM) || process.env['CI'] === 'true'
    ? false
    : `${CHROMIUM} is missing; get it: apt-get install chromium, or set CHROMIUM`;

describe('the HTML report in Chromium', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'arena-page-'));
  const file = join(folder, 'report.html');
  let browser: Browser;

  before(async () => {
    writeFileSync(file, HTML);
    browser = await playwright.chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox'],
    });
  });

  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function opened(
    width: number,
    colorScheme: 'light' | 'dark',
  ): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => {
      if (!/^(?:file|data):/.test(request.url())) said.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, said };
  }

  for (const width of [320, 360, 768, 1280]) {
    it(`fits ${width} pixels without a horizontal scroll bar, with everything unfolded`, async () => {
      const { page, said } = await opened(width, 'light');
      await page.evaluate(
        `for (const one of document.querySelectorAll('details')) one.open = true`,
      );
      const across = await page.evaluate('document.documentElement.scrollWidth');
      assert.equal(across, width);
      assert.deepEqual(said, []);
      await page.close();
    });
  }

  for (const width of [360, 1280]) {
    it(`shows every chart at ${width} pixels, one of its two drawings`, async () => {
      const { page } = await opened(width, 'light');
      const sizes: unknown = await page.evaluate(
        `[...document.querySelectorAll('figure')].map((figure) =>
          [...figure.querySelectorAll('svg.chart')].map((svg) => svg.getBoundingClientRect())
            .filter(({ width, height }) => width > 250 && height > 60).length)`,
      );
      assert.ok(Array.isArray(sizes) && sizes.length > 8);
      assert.deepEqual(new Set(sizes), new Set([1]));
      await page.close();
    });
  }

  it('is dark where the reader’s scheme is, charts included', async () => {
    const seen: unknown[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      const { page, said } = await opened(1280, scheme);
      assert.deepEqual(said, []);
      const script = `[
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('svg.chart text')).fill,
        getComputedStyle(document.querySelector('svg.chart path[fill^="var(--s"]')).fill,
      ]`;
      seen.push(await page.evaluate(script));
      await page.close();
    }
    const [light, dark] = seen;
    assert.ok(Array.isArray(light) && Array.isArray(dark));
    assert.deepEqual([light[0], dark[0]], ['rgb(251, 251, 250)', 'rgb(20, 23, 27)']);
    assert.notEqual(light[1], dark[1]);
    assert.notEqual(light[2], dark[2]);
  });
});
