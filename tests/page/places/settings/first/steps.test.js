import '../../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { nextOf, previousOf, stepAt, stepsOf } = await import(
  '../../../../../monitor/page/places/settings/first/steps.js'
);

const section = (value) => ({ value, version: 1 });
const saved = ({ page = {}, contracts = [], addresses = [], sources = [] } = {}) => ({
  page: section({ not_needed: [], ...page }),
  contracts: section(contracts),
  addresses: section(addresses),
  sources: section(sources),
});
const NEW = {
  access: { password: 'none', broker: { may_choose: true, host: null } },
  saved: saved(),
  meter: null,
  found: 0,
};
const METER = { id: '041234567890', first: '2026-11-01', known_since: '2026-11-01' };
const names = (steps) => steps.map(({ name }) => name);
const undone = (known) => names(stepsOf(known).filter(({ isDone }) => !isDone));

test('a new installation asks for all; devices only once some are found', () => {
  assert.deepEqual(undone(NEW), ['password', 'broker', 'meter', 'contract', 'past', 'phone']);
  assert.deepEqual(undone({ ...NEW, found: 2 }).at(-1), 'devices');
});

test('where Home Assistant asks, or a file is fixed, neither password nor broker is a step', () => {
  for (const access of [
    null,
    { password: 'asked_elsewhere', broker: { may_choose: false } },
    { password: 'fixed', broker: {} },
  ])
    assert.deepEqual(names(stepsOf({ ...NEW, access })), ['meter', 'contract', 'past', 'phone']);
});

test('what was done elsewhere counts: a meter, a contract, an import, an address, a source', () => {
  const done = saved({ contracts: [{}], addresses: [{}], sources: [{}] }),
    meter = { ...METER, known_since: '2025-11-01' };
  const access = { password: 'set', broker: { may_choose: true, host: null } };
  assert.deepEqual(undone({ access, saved: done, meter, found: 1 }), []);
  assert.deepEqual(undone({ access, saved: done, meter: METER, found: 1 }), ['past']);
});

test('imports under a delivery point are a past, and no meter', () => {
  const access = { password: 'set', broker: { may_choose: true, host: null } },
    meter = { id: '12345678901234', first: null, known_since: '2024-12-01' };
  assert.deepEqual(undone({ ...NEW, access, meter }), ['broker', 'meter', 'contract', 'phone']);
});

test('what is not needed is done', () => {
  const known = { ...NEW, saved: saved({ page: { not_needed: ['past', 'phone', 'devices'] } }), found: 1 };
  assert.deepEqual(undone(known), ['password', 'broker', 'meter', 'contract']);
});

test('it goes on with the next that is to be done, and back to the one before; a password is set once', () => {
  const steps = stepsOf({
    ...NEW,
    access: { ...NEW.access, password: 'set' },
    meter: METER,
    saved: saved({ contracts: [{}] }),
  });
  assert.equal(nextOf(steps, 'password')?.name, 'past');
  assert.equal(nextOf(steps, 'phone'), undefined);
  assert.equal(previousOf(steps, 'meter')?.name, 'broker');
  assert.equal(previousOf(steps, 'broker'), undefined);
});

test('the address names a step; without one it is the first that is to be done', () => {
  const steps = stepsOf(NEW),
    set = stepsOf({ ...NEW, access: { ...NEW.access, password: 'set' } });
  assert.equal(stepAt(steps, 'contrat').name, 'contract');
  assert.equal(stepAt(steps, null).name, 'password');
  assert.equal(stepAt(set, 'mot-de-passe').name, 'broker');
});
