import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { below, fresh, missing, readNumber } = await import('../../../../monitor/page/places/settings/form.js');

const LINE = {
  kind: 'record',
  fields: [
    { kind: 'text', name: 'offer', required: true },
    { kind: 'integer', name: 'power', required: true, default: 6 },
    { kind: 'text', name: 'note', required: false, default: 'x' },
  ],
};
const LINES = { kind: 'list', item: LINE };

test('a number is read as people write it', () => {
  const number = { kind: 'number' },
    integer = { kind: 'integer' };
  assert.equal(readNumber('0,2516', number), 0.2516);
  assert.equal(readNumber(' 1 234.5 € ', number), 1234.5);
  assert.equal(readNumber('12\u202f000', integer), 12000);
  assert.equal(readNumber('', number), null);
  for (const text of ['1,2,3', 'neuf', '1e9', '0x10', '--1', '1/2']) assert.equal(readNumber(text, number), undefined);
  assert.equal(readNumber('6,5', integer), undefined);
});

test('a change below makes new values, and leaves what was there', () => {
  let value = { list: [{ a: 1 }, { a: 2 }] };
  const before = structuredClone(value),
    kept = value;
  const place = {
    at: 'root',
    get: () => value,
    set: (next) => {
      value = next;
    },
  };
  const deep = below(below(below(place, 'list'), 1), 'a');
  assert.equal(deep.at, 'root.list[1].a');
  deep.set(3);
  assert.deepEqual(value, { list: [{ a: 1 }, { a: 3 }] });
  assert.deepEqual(kept, before);
  deep.set(undefined);
  assert.deepEqual(value, { list: [{ a: 1 }, {}] });
});

test('what is still to be entered is found; what may be left out is not', () => {
  assert.equal(missing(LINES, [{ offer: 'base', power: 9 }], 'contracts'), null);
  assert.equal(missing(LINES, [{ offer: 'base', power: 9 }, { power: 6 }], 'contracts'), 'contracts[1].offer');
  assert.equal(missing(LINES, [], 'contracts'), null);
  assert.equal(missing({ ...LINE, required: false }, null, 'one'), null);
});

test('a new entry has what its required fields are without anybody’s doing', () => {
  assert.deepEqual(fresh(LINE), { power: 6 });
  assert.equal(fresh({ kind: 'text' }), null);
});
