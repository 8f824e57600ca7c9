import { ofPage } from './dom.js';

/** A server that was away may have come back newer. The page's files have other names then: take them. */
export async function reloadIfNewer() {
  const own = ofPage('script[type="module"]').getAttribute('src');
  try {
    const page = await (await fetch(document.baseURI, { cache: 'no-store' })).text();
    // The login page has no script: it comes when it is needed.
    if (page.includes('<script type="module"') && !page.includes(`src="${own}"`)) location.reload();
  } catch {
    // Away again: asked when it is back.
  }
}
