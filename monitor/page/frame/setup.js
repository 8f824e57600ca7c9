// The broker that Home Assistant's app needs: said on every place, until it is there.
import * as api from '../base/api.js';
import { inApp } from '../base/browser.js';
import { h } from '../base/dom.js';
import { T } from '../base/i18n.js';
import { piece } from '../parts/refresh.js';
import { notice } from '../parts/notice.js';

/** @import {App} from '../../../deploy/page/answers' */

const MOSQUITTO = 'https://my.home-assistant.io/redirect/supervisor_addon/?addon=core_mosquitto';

const shown = piece(
  /** @param {App} app */
  (app) => app && h('div', { class: 'notices setup' }, app.broker === 'none' && broker(app)),
);

/** To be put below the head of a place; what it says follows the app. */
export const setup = {
  get node() {
    return shown.node;
  },
  async look() {
    if (!inApp()) return;
    const app = await api.app().catch(() => undefined); // not known: what was said stays
    if (app !== undefined) shown.show(app);
  },
};

/** @param {NonNullable<App>} app */
function broker({ ports }) {
  const install = h('a', { class: 'button', href: MOSQUITTO, target: '_blank', rel: 'noreferrer' }, T.setup.install);
  return notice('warn', T.setup.broker, ports.length > 0 && T.notices.framesWait, install);
}
