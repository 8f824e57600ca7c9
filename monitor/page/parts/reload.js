import { h } from '../base/dom.js';
import { T } from '../base/i18n.js';

/** Home Assistant's page, around ours and of the same origin, begins a new session when it is loaded. */
function reload() {
  try {
    top?.location.reload();
  } catch {
    location.reload(); // around ours is the page of another site
  }
}

export const reloadButton = () => h('button', { class: 'button', onclick: reload }, T.notices.reload);
