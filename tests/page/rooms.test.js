// The rooms of the page: which one may use which.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const PAGE = new URL('../../monitor/page/', import.meta.url);
/** From the ground; a place is a room of its own. */
const FLOORS = [['base'], ['chart', 'parts'], ['sources'], ['places'], ['frame']];

const files = readdirSync(PAGE, { recursive: true }).filter((file) => /^(?!vendor|dist).*\.js$/.test(file));
const needed = new Map(
  files.map((file) => {
    const names = readFileSync(new URL(file, PAGE), 'utf8').matchAll(/(?:from |import |import\()'(\.[^']+\.js)'/g);
    return [file, [...names].map(([, name]) => new URL(name, new URL(file, PAGE)).href.slice(PAGE.href.length))];
  }),
);
const roomOf = (file) =>
  file
    .split('/')
    .slice(0, file.startsWith('places/') ? 2 : 1)
    .join('/');
const floorOf = (file) => FLOORS.findIndex((rooms) => rooms.includes(file.split('/')[0]));

test('a room uses only what is below it: no place knows another', () => {
  assert.ok(files.length > 50);
  assert.deepEqual(
    files.filter((file) => floorOf(file) < 0),
    [],
  );
  const wrong = [...needed].flatMap(([file, others]) =>
    others
      .filter((other) => roomOf(other) !== roomOf(file) && floorOf(other) >= floorOf(file))
      .map((other) => `${file} → ${other}`),
  );
  assert.deepEqual(wrong, []);
});

test('no module needs itself, by whichever way', () => {
  const done = new Set();
  const visit = (file, way) => {
    assert.ok(!way.includes(file), [...way, file].join(' → '));
    if (done.has(file)) return;
    for (const other of needed.get(file) ?? []) visit(other, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('each module is used by another, but that with which the page begins', () => {
  const used = new Set([...needed.values()].flat());
  assert.deepEqual(
    files.filter((file) => !used.has(file)),
    ['frame/main.js'],
  );
});

test('a test stands where the module stands that it tests', () => {
  const tests = readdirSync(new URL('.', import.meta.url), { recursive: true }).filter((file) =>
    /\/.*\.test\.js$/.test(file),
  );
  const homeless = tests.filter(
    (file) => !['js', 'css'].some((end) => existsSync(new URL(file.replace('test.js', end), PAGE))),
  );
  assert.ok(tests.length > 20);
  assert.deepEqual(homeless, []);
});
