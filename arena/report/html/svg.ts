/**
 * Charts as SVG that stands in a page by itself: no script, no inline style, no chance ids.
 *
 * Drawn by echarts on the server. Colours are variables of the page, so that one drawing serves both
 * light and dark; inline styles become classes, so that a strict Content-Security-Policy holds.
 *
 * @module
 */

import { createRequire } from 'node:module';

import { STAND_IN, withVariables } from './colours.ts';
import { escaped, type Markup } from './markup.ts';

/** The little that is used of echarts, whose own types want those of a browser. */
interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): {
    setOption(option: ChartOption): void;
    renderToSVGString(options: { useViewBox: boolean }): string;
    dispose(): void;
  };
}

const require = createRequire(import.meta.url);
const echarts: Echarts = require('echarts');

/** As echarts documents it; what is wrong in it shows in the drawing. */
export type ChartOption = Readonly<Record<string, unknown>>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Type of every chart, so that a drawing has few classes. */
export const LABEL = { fontFamily: 'inherit', fontSize: 12, color: STAND_IN.muted } as const;

export const AXIS_LINE = { lineStyle: { color: STAND_IN.line } } as const;
export const SPLIT_LINE = { lineStyle: { color: STAND_IN.line, width: 1 } } as const;

/** Inline styles that were found, and the class of each. */
export class StyleClasses {
  readonly #classes = new Map<string, string>();

  classOf(style: string): string {
    const known = this.#classes.get(style);
    if (known !== undefined) return known;
    const name = `t${this.#classes.size}`;
    this.#classes.set(style, name);
    return name;
  }

  rules(): string {
    return [...this.#classes].map(([style, name]) => `.${name}{${style}}`).join('\n');
  }
}

/** `id` must be one of its own in the page; `label` says what is seen to those who don't see it. */
export function drawn(
  option: ChartOption,
  { width, height }: Size,
  { id, label }: { readonly id: string; readonly label: string },
  styles: StyleClasses,
): Markup {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, silent: true, ...option });
    const svg = cleaned(chart.renderToSVGString({ useViewBox: true }), id, styles);
    const attributes = `class="chart" role="img" aria-label="${escaped(label)}"`;
    return { html: withVariables(svg).replace('<svg ', `<svg ${attributes} `) };
  } finally {
    chart.dispose();
  }
}

function cleaned(svg: string, id: string, styles: StyleClasses): string {
  return svg
    .replaceAll(/<style\b[\s\S]*?<\/style>/g, '')
    .replaceAll(/ (?:ecmeta_\w+|pointer-events|version|baseProfile|xmlns(?::xlink)?)="[^"]*"/g, '')
    .replaceAll(/ class="zr[^"]*"/g, '')
    .replaceAll(/ style="([^"]*)"/g, (_, style: string) => ` class="${styles.classOf(style)}"`)
    .replaceAll(/\bzr\d+-/g, `${id}-`)
    .replaceAll(/<rect [^>]*fill="none"><\/rect>\n?/g, '')
    .replaceAll(/ (?:d|transform)="[^"]*"/g, (path) => path.replaceAll(/(\.\d\d)\d+/g, '$1'));
}
