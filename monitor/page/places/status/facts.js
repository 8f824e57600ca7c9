// What is kept, and by which versions. The page changes nothing: its buttons copy commands.
import { inApp } from '../../base/app.js';
import { h, icon, say } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { dateOf } from '../../base/time.js';
import { staleDays } from '../../parts/summary.js';
import { block } from '../../parts/block.js';

const S = T.status;
export const when = (iso) => `${f.tableDate(dateOf(Date.parse(iso)))} ${f.clock(Date.parse(iso))}`;

export function storage({ links, spool, audit, backup, disk, volts }, now) {
  const blind = links.some(({ id, state }) => id === 'database' && state !== 'up'); // none is not the same as unknown
  return block(
    S.storage,
    pairs([
      [
        S.spool,
        !spool ? '–' : spool.frames ? S.spoolFrames(spool.frames) : S.empty,
        spool?.frames && spool.limit ? S.spoolLimit(f.bytes(spool.bytes), f.bytes(spool.limit)) : null,
      ],
      [S.audit, audit ? S.auditUntil(when(audit.at)) : blind ? '–' : withAudit(S.notYet), audit && auditNote(audit)],
      [S.backup, ...(blind ? ['–'] : backupFacts(backup, now))],
      [S.disk, disk?.used == null ? '–' : f.bytes(disk.used), diskNote(disk)],
      [
        S.volts,
        voltsText(volts),
        volts?.lowest && S.voltsRange(f.number(volts.lowest), f.number(volts.highest), volts.days),
      ],
    ]),
  );
}

function backupFacts(backup, now) {
  if (!backup) return [S.noBackup, S.noBackupMore];
  const days = staleDays(backup, now);
  return days
    ? [h('span', { class: 'warn-text' }, icon('warn'), S.backupOld(days)), `${when(backup.at)}, ${S.backupVerified}`]
    : [when(backup.at), S.backupVerified];
}
function auditNote(audit) {
  return audit.ok ? S.auditOk(audit.days) : withAudit(S.auditBad(audit.missing, audit.days));
}
/** In Home Assistant's app there is no command line. */
const withAudit = (text) => (inApp() ? text : `${text}${T.colon}teleinfo-storer audit`);
function diskNote(disk) {
  if (disk?.free == null) return null;
  return disk.years == null ? S.diskFree(f.bytes(disk.free)) : S.diskYears(f.bytes(disk.free), f.number(disk.years));
}
function voltsText(volts) {
  if (!volts) return '–';
  return volts.outside_minutes ? f.duration(volts.outside_minutes * 60e3) : S.voltsNone;
}

export function versions({ versions: list }, meter) {
  const facts = meter && [
    [
      T.meterChoice,
      f.joined([meter.serial, meter.phases && (meter.phases === 3 ? S.three : S.single)], ', '),
      f.joined([meter.mode && S.mode(S.modes[meter.mode]), meter.subscribed && f.kva(meter.subscribed)], ', '),
    ],
    [S.first, meter.first ? f.fullDate(meter.first) : '–'],
  ];
  return block(
    S.versions,
    pairs([...(list ?? []).map(([name, version]) => [S.versionOf[name] ?? name, version]), ...(facts ?? [])]),
    !inApp() && [
      h('h3', { class: 'small-head' }, S.commands),
      ['teleinfo-reader check', 'teleinfo-storer audit'].map(command),
    ],
  );
}

export function pairs(list) {
  return h(
    'dl',
    { class: 'pairs' },
    list
      .filter(Boolean)
      .map(([name, value, note]) =>
        h('div', null, h('dt', null, name), h('dd', null, value, note && h('span', { class: 'note' }, note))),
      ),
  );
}

function command(text) {
  const copy = async () => {
    // Not offered to pages without TLS; the text can be marked by hand.
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    say(done ? S.copied : S.notCopied);
  };
  return h(
    'div',
    { class: 'command' },
    h('code', null, text),
    navigator.clipboard &&
      h('button', { class: 'link-button', onclick: copy }, S.copy, h('span', { class: 'hidden' }, ` ${text}`)),
  );
}
