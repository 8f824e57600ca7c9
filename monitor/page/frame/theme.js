// Light, dark, or as the device: chosen here, by ?theme= or not at all. Charts on a canvas hear `themechange`.
import { h, icon, say } from '../base/dom.js';
import { T } from '../base/i18n.js';
import { remember, remembered } from '../base/browser.js';

const ORDER = ['auto', 'light', 'dark'];
const chosen = () => {
  const wish = new URLSearchParams(location.search).get('theme') ?? remembered('theme');
  return ORDER.find((theme) => theme === wish) ?? 'auto';
};

function wear(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  dispatchEvent(new Event('themechange'));
}

export function start() {
  wear(chosen());
  // Paper is white.
  addEventListener('beforeprint', () => wear('light'));
  addEventListener('afterprint', () => wear(chosen()));
}

export function themeButton() {
  let theme = chosen();
  const text = h('span', null, T.theme[theme]);
  const pick = () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    remember('theme', theme);
    wear(theme);
    text.textContent = T.theme[theme];
    say(T.theme[theme]);
  };
  return h('button', { class: 'quiet', onclick: pick }, icon('theme'), text);
}
