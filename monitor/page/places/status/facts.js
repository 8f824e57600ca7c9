// What is kept, and by which versions; commands for whoever looks after the machine, to be copied.
import { inApp } from '../../base/browser.js';
import { h, icon, say } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { dateOf } from '../../base/time.js';
import { staleDays } from '../../parts/summary.js';
import { block } from '../../parts/block.js';
import { W } from './words.js';

export const when = (iso) => `${f.tableDate(dateOf(Date.parse(iso)))} ${f.clock(Date.parse(iso))}`;

export function storage({ links, spool, audit, backup, disk, volts }, now) {
  const blind = links.some(({ id, state }) => id === 'database' && state !== 'up'); // none is not the same as unknown
  return block(
    W.storage,
    pairs([
      [
        W.spool,
        !spool ? '–' : spool.frames ? W.spoolFrames(spool.frames) : W.empty,
        spool?.frames && spool.limit ? W.spoolLimit(f.bytes(spool.bytes), f.bytes(spool.limit)) : null,
      ],
      [W.audit, audit ? W.auditUntil(when(audit.at)) : blind ? '–' : W.notYet, audit && auditNote(audit)],
      [W.backup, ...(blind ? ['–'] : backupFacts(backup, now))],
      [W.disk, disk?.used == null ? '–' : f.bytes(disk.used), diskNote(disk)],
      [
        W.volts,
        voltsText(volts),
        volts?.lowest && W.voltsRange(f.number(volts.lowest), f.number(volts.highest), volts.days),
      ],
    ]),
  );
}

function backupFacts(backup, now) {
  if (!backup) return [W.noBackup, W.noBackupMore];
  const days = staleDays(backup, now);
  return days
    ? [h('span', { class: 'warn-text' }, icon('warn'), W.backupOld(days)), `${when(backup.at)}, ${W.backupVerified}`]
    : [when(backup.at), W.backupVerified];
}
function auditNote(audit) {
  return audit.ok ? W.auditOk(audit.days) : W.auditBad(audit.missing, audit.days);
}
function diskNote(disk) {
  if (disk?.free == null) return null;
  return disk.years == null ? W.diskFree(f.bytes(disk.free)) : W.diskYears(f.bytes(disk.free), f.number(disk.years));
}
function voltsText(volts) {
  if (!volts) return '–';
  return volts.outside_minutes ? f.duration(volts.outside_minutes * 60e3) : W.voltsNone;
}

export function versions({ versions: list }, meter) {
  const facts = meter && [
    [
      T.meterChoice,
      f.joined([meter.serial, meter.phases && (meter.phases === 3 ? W.three : W.single)], ', '),
      f.joined([meter.mode && W.mode(W.modes[meter.mode]), meter.subscribed && f.kva(meter.subscribed)], ', '),
    ],
    [W.first, meter.first ? f.fullDate(meter.first) : '–'],
  ];
  return block(
    W.versions,
    pairs([...(list ?? []).map(([name, version]) => [W.versionOf[name] ?? name, version]), ...(facts ?? [])]),
    !inApp() && [
      h('h3', { class: 'small-head' }, W.commands),
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
    say(done ? W.copied : W.notCopied);
  };
  return h(
    'div',
    { class: 'command' },
    h('code', null, text),
    navigator.clipboard &&
      h('button', { class: 'link-button', onclick: copy }, W.copy, h('span', { class: 'hidden' }, ` ${text}`)),
  );
}
