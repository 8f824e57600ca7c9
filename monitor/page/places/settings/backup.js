// A backup now, beside that of each night.
import { h, icon } from '../../base/dom.js';
import { refusal } from '../../parts/refusal.js';
import { begun, ended, problemOf } from './requests.js';
import { W } from './words.js';

export function backup() {
  const status = h('span', { role: 'status' });
  const button = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: async () => {
        button.disabled = true;
        status.replaceChildren(W.backup.running);
        try {
          const end = await ended(await begun('backup', {}), () => {});
          status.replaceChildren(
            ...(end.state === 'done' ? [icon('ok'), W.backup.done] : [icon('warn'), problemOf(end) ?? W.backup.failed]),
          );
        } catch (error) {
          if (error.status === undefined) throw error;
          status.replaceChildren(icon('warn'), ...refusal(error));
        }
        button.disabled = false;
      },
    },
    W.backup.now,
  );
  return h('p', { class: 'status-line' }, button, status);
}
