// What is entered becomes the address that apprise reads: tests/monitor/alerts/test_child.py hands it these.
import '../../browser.js';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const { madeUpTopic, serverOf, topicLink, URL_OF } = await import(
  '../../../../monitor/page/places/settings/address_urls.js'
);
const CASES = JSON.parse(readFileSync(new URL('address_urls.json', import.meta.url), 'utf8'));

test('each service has its address', () => {
  for (const { service, entered, url } of CASES) assert.equal(URL_OF[service](entered), url);
  assert.deepEqual([...new Set(CASES.map(({ service }) => service))].sort(), Object.keys(URL_OF).sort());
});

test('what a service cannot take makes no address', () => {
  const wrong = [
    ['ntfy', { topic: 'a/b' }],
    ['ntfy', { topic: 'house', server: 'ntfy example org' }],
    ['ntfy', { topic: 'house', server: 'example.org/path' }],
    ['mail', { server: 'smtp.example.org' }],
    ['mail', { user: 'me@example.org', to: 'you@example.org' }],
    ['mail', { server: 'smtp.example.org', to: 'nobody' }],
    ['telegram', { token: '123456789', chat: '42' }],
    ['telegram', { token: '123456789:AAbc', chat: 'me' }],
    ['telegram', {}],
    ['freemobile', { user: '12345678' }],
    ['freemobile', { user: 'me', key: 'abc' }],
    ['other', { url: 'smtp.example.org' }],
    ['other', {}],
  ];
  for (const [service, entered] of wrong) assert.equal(URL_OF[service](entered), null, JSON.stringify(entered));
});

test('a server is read as people write it', () => {
  assert.deepEqual(serverOf(' https://Ntfy.example.org/ '), { host: 'ntfy.example.org', isSecure: true });
  assert.deepEqual(serverOf('http://192.168.1.4:8080'), { host: '192.168.1.4:8080', isSecure: false });
  assert.deepEqual(serverOf('[fd00::4]:80'), { host: '[fd00::4]:80', isSecure: true });
  assert.equal(serverOf('me@example.org'), null);
  assert.equal(serverOf(''), null);
});

test('a made-up topic cannot be guessed, and is read where its server is', () => {
  const topics = Array.from({ length: 20 }, madeUpTopic);
  for (const topic of topics) assert.match(topic, /^teleinfo-[a-km-z2-9]{16}$/);
  assert.equal(new Set(topics).size, 20);
  assert.equal(topicLink({ topic: 'teleinfo-x' }), 'https://ntfy.sh/teleinfo-x');
  assert.equal(topicLink({ topic: 'house', server: 'http://192.168.1.4:8080' }), 'http://192.168.1.4:8080/house');
});
