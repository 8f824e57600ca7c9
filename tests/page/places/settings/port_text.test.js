import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portOf, readPort, writePort } from '../../../../monitor/page/places/settings/port_text.js';

test('a topic with labels is written as readers write it, and read again', () => {
  const port = { topic: 'mqtt:n/sensor/+/state', unit: 'kWh', labels: new Map() };
  port.labels.set('énergie (1)', 'EAST').set("a&b=c'", 'SINSTS');
  const text = 'mqtt:n/sensor/+/state?unit=kWh&%C3%A9nergie%20%281%29=EAST&a%26b%3Dc%27=SINSTS';
  assert.equal(writePort(port), text);
  assert.deepEqual(readPort(text), port);
});

test('a value may be called unit, and no unit is written where no register is', () => {
  const port = { topic: 'mqtt:n/+', unit: '', labels: new Map([['unit', 'PAPP']]) };
  assert.equal(writePort(port), 'mqtt:n/+?unit=PAPP');
  assert.deepEqual(readPort('mqtt:n/+?unit=PAPP'), port);
});

test('a topic alone has neither, and so has a serial port', () => {
  assert.deepEqual(readPort('mqtt:zigbee2mqtt/Linky'), {
    topic: 'mqtt:zigbee2mqtt/Linky',
    unit: '',
    labels: new Map(),
  });
  assert.equal(readPort('/dev/ttyUSB0').topic, '/dev/ttyUSB0');
});

test('what is typed is a topic, unless it is written as another port', () => {
  assert.equal(portOf(' zigbee2mqtt/Linky '), 'mqtt:zigbee2mqtt/Linky');
  for (const port of ['mqtt:zigbee2mqtt/Linky', '/dev/ttyUSB0', 'socket://192.168.1.20:5331'])
    assert.equal(portOf(port), port);
});
