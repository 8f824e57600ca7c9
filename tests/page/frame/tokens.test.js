// WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for what a drawing is read by (1.4.11).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const css = readFileSync(new URL('../../../monitor/page/frame/tokens.css', import.meta.url), 'utf8');

function colours(start, end) {
  const from = css.indexOf(start),
    block = css.slice(from, css.indexOf(end, from));
  assert.ok(from >= 0, `${start} is in tokens.css`);
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
}
const LIGHT = colours(':root {', '\n}');
const DARK = colours('@media (prefers-color-scheme: dark) {', '\n}');

function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(a, b) {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
function atLeast(least, theme, inks, grounds) {
  for (const ink of inks)
    for (const ground of grounds) {
      const found = contrast(theme[ink], theme[ground]);
      assert.ok(found >= least, `--${ink} on --${ground}: ${found.toFixed(2)}`);
    }
}

for (const [name, theme] of Object.entries({ light: LIGHT, dark: DARK })) {
  test(`${name}: text can be read on every ground`, () => {
    atLeast(4.5, theme, ['ink', 'ink-2', 'ink-3', 'warn', 'inj'], ['paper', 'raised', 'sunk']);
    atLeast(4.5, theme, ['warn', 'ink', 'ink-2'], ['warn-paper']);
    atLeast(4.5, theme, ['ink', 'ink-2'], ['off-paper']);
  });

  test(`${name}: what a drawing is read by stands out`, () => {
    const registers = ['hp-blue', 'hc-blue', 'hp-red', 'hc-red', 'white-ink', 'hp', 'hc', 'base', 'inj', 'own'];
    atLeast(3, theme, [...registers, 'line', 'compare', 'edge', 'focus', 'warn', 'heat-3', 'heat-4'], ['paper']);
  });

  test(`${name}: peak and off-peak hours of a colour can be told apart`, () => {
    for (const [a, b] of [
      ['hc-blue', 'hp-blue'],
      ['hc-red', 'hp-red'],
      ['heat-2', 'heat-5'],
    ])
      assert.ok(contrast(theme[a], theme[b]) >= 1.8, `${a}, ${b}`);
  });
}

test('dark has every colour that light has', () => {
  assert.deepEqual(Object.keys(DARK).sort(), Object.keys(LIGHT).sort());
});
