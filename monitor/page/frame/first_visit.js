// The guided first visit opens by itself, once a load, where somebody was let in to set things up: by a password or a code,
// or by Home Assistant. Whoever has said what the contract is needs no guide.
import * as api from '../base/api.js';
import { inApp } from '../base/browser.js';
import { go, here, href } from '../base/router.js';

export async function openFirstVisit() {
  const isAtStart = () => here().path === '' && here().query.get('mode') !== 'kiosk';
  if (!isAtStart() || !(inApp() || 'session' in document.documentElement.dataset)) return;
  try {
    const { value } = await api.section('page');
    if (value.first_visit || (await api.section('contracts')).value.length || !isAtStart()) return;
  } catch {
    return; // the page says what is wrong
  }
  go(href('reglages/debut'));
}
