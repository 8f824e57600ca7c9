import { ofPage, h } from '../base/dom.js';
import { T } from '../base/i18n.js';

/**
 * A server that was away may have come back newer. The page's files have other names then: take them.
 * @returns {Promise<number>} the status of its answer; 0: none
 */
export async function reloadIfNewer() {
  const own = ofPage('script[type="module"]').getAttribute('src');
  try {
    const answer = await fetch(document.baseURI, { cache: 'no-store' }),
      page = await answer.text();
    // The login page has no script: it comes when it is needed.
    if (page.includes('<script type="module"') && !page.includes(`src="${own}"`)) location.reload();
    return answer.status;
  } catch {
    return 0; // away again: asked when it is back
  }
}

/** Home Assistant's page, around ours and of the same origin, begins a new session when it is loaded. */
function reload() {
  try {
    top?.location.reload();
  } catch {
    location.reload(); // around ours is the page of another site
  }
}

export const reloadButton = () => h('button', { class: 'button', onclick: reload }, T.notices.reload);
