// What a reader says of a port: whether a meter sends, or what to look at.
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { W } from './words.js';

/** @import {Ports} from '../../../../deploy/page/answers' */
/** @typedef {Ports['readers'][number]} Reader */
/** @typedef {Reader['reads'][number]} Read */

/** What people call who decodes. */
const SOURCES = {
  zigbee2mqtt: 'Zigbee2MQTT',
  zigbee2mqtt_ticmeter: 'Zigbee2MQTT',
  tasmota: 'Tasmota',
  bernaerts: 'Tasmota',
  esphome: 'ESPHome',
  lixee_box: 'LiXee-Box',
  ticmeter: 'TICMeter',
};

/**
 * read: what it says of the port; undefined: it does not have it yet.
 * @type {(reader: Pick<Reader, 'online'>, read: Read | undefined, port: string) => HTMLElement}
 */
export function said(reader, read, port) {
  const isWrong = !reader.online || ['closed', 'silent', 'unreadable'].includes(read?.state ?? '');
  return h(
    'p',
    { class: `note said${isWrong ? ' warn-text' : ''}` },
    isWrong && icon('warn'),
    sentence(reader, read, port),
  );
}

/** @type {typeof said extends (...parts: infer Parts) => any ? (...parts: Parts) => string : never} */
export function sentence({ online }, read, port) {
  const S = W.ports.said,
    kind = port.startsWith('mqtt:') ? 'topic' : 'line';
  if (!online) return S.offline;
  if (!read) return S.sent;
  if (read.state === 'closed') return S.closed;
  if (read.state === 'unreadable' && kind === 'topic') return S.why[read.why ?? ''] ?? S.unreadable.topic;
  if (read.state !== 'reading') return S[read.state][kind];
  const { source, interval } = read,
    decoded = source && interval && S.decoded(SOURCES[source] ?? source, f.duration(interval * 1000));
  return f.joined([S.reading(read.meter), decoded], ' ');
}
