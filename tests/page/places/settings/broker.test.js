import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { linesOf } = await import('../../../../monitor/page/places/settings/broker.js');

const OURS = { host: null, port: 1883, tls: false },
  texts = (account, broker = OURS) => linesOf(account, broker).map(([, text]) => text);

test('an account of Home Assistant has what is entered there', () => {
  const account = { name: 'ha', role: 'home-assistant', password: 's3cret' };
  assert.deepEqual(texts(account), ['house.test', '1883', 'ha', 's3cret']);
});

test('a device is told below which topics it may write', () => {
  const account = { name: 'onduleur', role: 'device', password: 's3cret' };
  assert.deepEqual(texts(account).at(-1), 'sources/onduleur');
});

test('who only reads has a line to run, with TLS where the broker has it', () => {
  const account = { name: 'tel', role: 'phone', password: 's3cret' };
  assert.equal(
    texts(account).at(-1),
    "mosquitto_sub -h house.test -p 1883 -u tel -P 's3cret' -v -t 'teleinfo/+/state'",
  );
  assert.match(
    texts(account, { host: 'mqtt.example.org', port: 8883, tls: true }).at(-1),
    /-h mqtt.example.org -p 8883 --tls/,
  );
});
