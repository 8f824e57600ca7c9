import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { rowsOf, withPort } = await import('../../../../monitor/page/places/settings/ports.js');

const offer = (name, label = name, more = {}) => ({ name, label, chosen: false, present: true, kept: null, ...more });
const CELLAR = { reader: 'cave', offers: [offer('/dev/a', 'A'), offer('/dev/b', '/dev/b')] },
  ROOF = { reader: 'toit', offers: [offer('/dev/a', 'A', { chosen: true }), offer('/dev/b', 'B')] },
  ESPHOME = { reader: 'cave', offers: [offer('mqtt:n/sensor/+/state', 'n (ESPHome)')] };

test('a chosen port comes to those of its reader, with what it is called where that is another name', () => {
  const one = withPort({}, CELLAR, CELLAR.offers[0], true);
  assert.deepEqual(one, { reader: 'cave', ports: ['/dev/a'], labels: { '/dev/a': 'A' } });
  const two = withPort(one, CELLAR, CELLAR.offers[1], true);
  assert.deepEqual(two, { reader: 'cave', ports: ['/dev/a', '/dev/b'], labels: { '/dev/a': 'A' } });
  assert.deepEqual(withPort(two, CELLAR, CELLAR.offers[0], false), { reader: 'cave', ports: ['/dev/b'], labels: {} });
});

test('another reader goes on with what it says is chosen', () => {
  const cellar = { reader: 'cave', ports: ['/dev/b'], labels: {} };
  assert.deepEqual(withPort(cellar, ROOF, ROOF.offers[1], true).ports, ['/dev/a', '/dev/b']);
  assert.deepEqual(withPort(cellar, ROOF, ROOF.offers[0], false).ports, []);
});

test('a topic with other labels takes the place of the same topic', () => {
  const before = { reader: 'cave', ports: ['mqtt:n/sensor/+/state?a=EAST', '/dev/a'], labels: {} },
    name = 'mqtt:n/sensor/+/state?b=EAST';
  assert.deepEqual(withPort(before, ESPHOME, { name, label: '' }, true).ports, ['/dev/a', name]);
});

test('what was chosen is listed once, by what it was called, though the reader offers it no more', () => {
  const topic = 'mqtt:n/sensor/+/state?unit=Wh&a=EAST';
  const value = { reader: 'cave', ports: [topic, 'mqtt:tele/linky/SENSOR', '/dev/old'], labels: { '/dev/old': 'Old' } };
  assert.deepEqual(rowsOf(value, ESPHOME), [
    { name: topic, label: 'n (ESPHome)', present: true, kept: null },
    { name: 'mqtt:tele/linky/SENSOR', label: 'tele/linky/SENSOR', present: true, kept: null },
    { name: '/dev/old', label: 'Old', present: true, kept: null },
  ]);
});

test('what a port is called is kept as one line, however its device wrote it', () => {
  const name = 'mqtt:zigbee2mqtt/Linky',
    label = `Linky\u00a0du\ngarage ${'⚡'.repeat(300)}`;
  const { labels } = withPort({}, CELLAR, { name, label }, true);
  assert.equal(labels[name], `Linky du garage ${'⚡'.repeat(184)}`);
  assert.deepEqual(withPort({}, CELLAR, { name, label: '\u200b' }, true).labels, {});
});

test('the simulated meter has no name of its own: each language has one', () => {
  const name = 'simulate://standard-single-phase-tempo';
  const value = withPort({}, CELLAR, { name, label: 'Compteur simulé' }, true);
  assert.deepEqual(value, { reader: 'cave', ports: [name], labels: {} });
});

test('a radio stick and a port that is in use come with the reason why they cannot be chosen', () => {
  const offers = [offer('/dev/z', 'Z', { kept: 'radio' }), offer('/dev/u', 'U', { kept: 'in_use' })];
  assert.deepEqual(
    rowsOf({}, { reader: 'cave', offers }).map(({ kept }) => kept),
    ['radio', 'in_use'],
  );
});
