import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { DARK, LIGHT, lookOf, withVariables } from './colours.ts';

/** Source: WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(one: string, other: string): number {
  const [dark = 0, bright = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

describe('the colours of the report', () => {
  for (const [name, scheme] of Object.entries({ light: LIGHT, dark: DARK })) {
    for (const ground of [scheme.page, scheme.panel]) {
      it(`can be read as text on ${ground}, ${name}`, () => {
        for (const colour of [scheme.ink, scheme.muted, scheme.accent, scheme.good, scheme.bad]) {
          assert.ok(contrast(colour, ground) >= 4.5, `${colour}: ${contrast(colour, ground)}`);
        }
      });

      it(`can be seen as lines on ${ground}, ${name}`, () => {
        for (const colour of [...scheme.series, scheme.baseline]) {
          assert.ok(contrast(colour, ground) >= 3, `${colour}: ${contrast(colour, ground)}`);
        }
      });
    }
  }

  it('are another, or another mark or dash, for each of 30 targets', () => {
    const looks = Array.from({ length: 30 }, (_, at) => JSON.stringify(lookOf(at)));
    assert.equal(new Set(looks).size, 30);
  });

  it('are variables of the page in every drawing', () => {
    assert.equal(withVariables(`fill="${lookOf(3).colour}"`), 'fill="var(--s3)"');
    assert.equal(withVariables(`fill="${lookOf(null).colour}"`), 'fill="var(--baseline)"');
  });
});
