/**
 * The report's colours, light and dark, as variables of its style sheet.
 *
 * Series colours differ in hue and in lightness, so that they can be told apart with any kind of
 * colour vision, and have a contrast of 3 to 1 with their background at least; marks and dashes say
 * the same. Source: Paul Tol, Colour Schemes (bright, muted), darkened; WCAG 2.2, 1.4.11.
 *
 * @module
 */

interface Scheme {
  readonly page: string;
  readonly panel: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly baseline: string;
  readonly series: readonly string[];
}

export const LIGHT: Scheme = {
  page: '#fbfbfa',
  panel: '#ffffff',
  ink: '#1b1f24',
  muted: '#5b6470',
  line: '#dfe3e8',
  accent: '#1f4fa3',
  good: '#1a6b3c',
  bad: '#a8231b',
  baseline: '#7a828c',
  series: [
    '#b5541c',
    '#8a2f6b',
    '#b08900',
    '#2f8f83',
    '#6b5bd0',
    '#3f7d2c',
    '#1f5fb8',
    '#c2405a',
    '#5f4632',
    '#3a9bbf',
    '#8c6d1f',
    '#33406b',
  ],
};

export const DARK: Scheme = {
  page: '#14171b',
  panel: '#1b1f25',
  ink: '#e8eaed',
  muted: '#a3acb8',
  line: '#333a43',
  accent: '#8fb4ff',
  good: '#6fcf97',
  bad: '#ff8a80',
  baseline: '#9aa3ae',
  series: [
    '#f0965c',
    '#dd86bd',
    '#e6c54a',
    '#62c9bc',
    '#a99cff',
    '#8fcf75',
    '#6aa9ff',
    '#ff8fa3',
    '#c3a58c',
    '#7fd0ee',
    '#d0b160',
    '#9fb0e6',
  ],
};

/** Marks of the points of a line, as echarts names them. */
export const SYMBOLS = [
  'circle',
  'rect',
  'triangle',
  'diamond',
  'emptyCircle',
  'emptyRect',
] as const;
const DASHES = ['solid', 'dashed', 'dotted'] as const;

export interface SeriesLook {
  /** A stand-in for a variable; `drawn` replaces it. */
  readonly colour: string;
  readonly symbol: (typeof SYMBOLS)[number];
  readonly dash: (typeof DASHES)[number];
}

/** What `drawn` replaces by variables: colours that nothing else has. */
export const STAND_IN = {
  ink: '#00f001',
  muted: '#00f002',
  line: '#00f003',
  panel: '#00f004',
} as const;

const BASELINE_STAND_IN = '#00f005';
const SERIES_STAND_IN = '#00f1';

/** How a target looks in every chart; null is the baseline. */
export function lookOf(colour: number | null): SeriesLook {
  if (colour === null) return { colour: BASELINE_STAND_IN, symbol: 'circle', dash: 'dotted' };
  const hue = colour % LIGHT.series.length;
  return {
    colour: `${SERIES_STAND_IN}${hue.toString().padStart(2, '0')}`,
    symbol: SYMBOLS[colour % SYMBOLS.length] ?? 'circle',
    dash: DASHES[Math.floor(colour / LIGHT.series.length) % DASHES.length] ?? 'solid',
  };
}

/** The class that gives an element a target's colour. */
export function colourClass(colour: number | null): string {
  return colour === null ? 's-base' : `s-${colour % LIGHT.series.length}`;
}

/** Stand-ins replaced by what the style sheet defines. */
export function withVariables(svg: string): string {
  return (
    svg
      // The inside of an empty mark, which echarts takes for white.
      .replaceAll('fill="#fff"', 'fill="var(--panel)"')
      .replaceAll(STAND_IN.ink, 'var(--ink)')
      .replaceAll(STAND_IN.muted, 'var(--muted)')
      .replaceAll(STAND_IN.line, 'var(--line)')
      .replaceAll(STAND_IN.panel, 'var(--panel)')
      .replaceAll(BASELINE_STAND_IN, 'var(--baseline)')
      .replaceAll(/#00f1(\d\d)/g, (_, hue: string) => `var(--s${Number(hue)})`)
  );
}

/** Declarations of one scheme's variables. */
export function variables(scheme: Scheme): string {
  const { series, ...named } = scheme;
  return [
    ...Object.entries(named).map(([name, value]) => `--${name}:${value}`),
    ...series.map((value, at) => `--s${at}:${value}`),
  ].join(';');
}

/** Rules of the classes of `colourClass`. */
export function colourRules(): string {
  const rules = LIGHT.series.map((_, at) => `.s-${at}{--own:var(--s${at})}`);
  return [...rules, '.s-base{--own:var(--baseline)}'].join('\n');
}
