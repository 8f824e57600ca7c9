// The six places, and what is chosen beside them: meter, theme, language.
import { ALL } from '../base/house.js';
import { h, icon } from '../base/dom.js';
import { language, T } from '../base/i18n.js';
import { remember } from '../base/browser.js';
import { select } from '../parts/controls.js';
import { go, here, href } from '../base/router.js';
import { themeButton } from './theme.js';

/** @import {Icon} from '../base/dom.js' */

// Without a date, so that what was opened today is tomorrow's page tomorrow.
const LINKS = /** @type {[Icon, string][]} */ (
  Object.entries({ now: '', day: 'jour', review: 'bilan', contracts: 'contrats', status: 'etat', settings: 'reglages' })
);

export function drawPlaces(nav, current, context) {
  nav.replaceChildren(
    h('a', { class: 'brand', href: href('') }, 'TeleInfo'),
    h(
      'ul',
      { class: 'places' },
      LINKS.map(([name, path]) =>
        h(
          'li',
          null,
          h(
            'a',
            { href: href(path, { t: null }), 'aria-current': name === current ? 'page' : null },
            icon(name),
            T.places[name],
          ),
        ),
      ),
    ),
    h('div', { class: 'rail-foot' }, meterChoice(context, current), ...choices()),
  );
}

/** Theme, language, the way out of a session: at the foot of the rail on a desk, at the end of the page on a phone. */
export function choices() {
  const other = language === 'fr' ? 'en' : 'fr';
  const switchLanguage = (event) => {
    event.preventDefault();
    remember('language', other);
    location.href = event.currentTarget.href;
  };
  return [
    themeButton(),
    h(
      'a',
      {
        class: 'quiet',
        href: href(here().path, { lang: other }),
        lang: other,
        onclick: switchLanguage,
      },
      T.language,
    ),
    // The server says so in index.html: without a password there is nothing to leave.
    'session' in document.documentElement.dataset &&
      h('form', { method: 'post', action: 'logout' }, h('button', { class: 'quiet' }, T.logout)),
  ].filter(Boolean);
}

/** Nothing when there is one meter: on a phone at the head of the page, so that it is clear whose numbers these are. */
export function meterChoice({ meters, meter, choice }, current) {
  if (meters.length < 2 || choice.unknown) return null;
  const all = current === 'now' ? [[ALL, T.allMeters]] : [];
  return h(
    'label',
    { class: 'field meter-choice' },
    h('span', null, T.meterChoice),
    select({
      options: [...all, ...meters.map((m) => [m.id, m.name])],
      value: choice.all ? ALL : meter?.id,
      onpick: (id) => {
        remember('meter', id);
        go(href(here().path, { compteur: id }));
      },
    }),
  );
}
