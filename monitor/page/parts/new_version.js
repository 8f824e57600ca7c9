import { ofPage } from '../base/dom.js';

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
