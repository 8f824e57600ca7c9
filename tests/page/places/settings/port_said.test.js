import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { sentence } = await import('../../../../monitor/page/places/settings/port_said.js'),
  { W } = await import('../../../../monitor/page/places/settings/words.js');

const S = W.ports.said,
  TOPIC = 'mqtt:zigbee2mqtt/Linky';
const read = (state, more = {}) => ({
  name: TOPIC,
  state,
  why: null,
  meter: null,
  source: null,
  interval: null,
  ...more,
});
const said = (one, port = TOPIC, online = true) => sentence({ online }, one, port);

test('a choice is on its way until the reader has it, and waits where there is no reader', () => {
  assert.equal(said(undefined), S.sent);
  assert.equal(said(read('reading'), TOPIC, false), S.offline);
});

test('a topic is given time before its first message, and has other advice than a line', () => {
  for (const state of ['listening', 'silent', 'unreadable']) {
    assert.equal(said(read(state)), S[state].topic);
    assert.equal(said(read(state), '/dev/ttyUSB0'), S[state].line);
  }
  assert.equal(said(read('closed'), '/dev/ttyUSB0'), S.closed);
});

test('why no message of a topic is read is said where something can be done or awaited', () => {
  assert.equal(said(read('unreadable', { why: 'no_labels' })), S.why.no_labels);
  assert.equal(said(read('unreadable', { why: 'not_text' })), S.unreadable.topic);
});

test('a meter that is read is named, and a decoded one with who decodes it and how often', () => {
  const line = said(read('reading', { meter: '031961123456' }), '/dev/ttyUSB0'),
    topic = said(read('reading', { meter: '031961123456', source: 'zigbee2mqtt', interval: 300 }));
  assert.equal(line, S.reading('031961123456'));
  assert.match(topic, /031961123456.*Zigbee2MQTT.*5\u202fmin/);
});
