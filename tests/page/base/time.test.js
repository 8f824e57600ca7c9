import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  at,
  contractYear,
  dayEnd,
  dayStart,
  isDate,
  period,
  sameTime,
  seasonOf,
  tempoDay,
  yearBefore,
} from '../../../monitor/page/base/time.js';

test('only a day that there is is a date', () => {
  for (const text of ['2026-02-28', '2024-02-29']) assert.ok(isDate(text), text);
  for (const text of ['2026-02-29', '2026-02-31', '2026-13-01', '2026-1-1', '', null, 'demain', '2026-11-24T00:00Z'])
    assert.ok(!isDate(text), text);
});

test('periods that no calendar has give nothing', () => {
  const none = ['', 'novembre', '2026-W', '2026-13', '2026-00', '2026-W54', '2026-W00', '2026-11-01..'];
  for (const text of [...none, '2026-02-31..2026-03-01', '2026-03-02..2026-03-01'])
    assert.equal(period(text), null, text);
});

test('a week runs from Monday to Sunday and knows its neighbours over the new year', () => {
  assert.deepEqual(period('2026-W53'), {
    kind: 'week',
    text: '2026-W53',
    from: '2026-12-28',
    to: '2027-01-03',
    previous: '2026-W52',
    next: '2027-W01',
    week: 53,
  });
});

test('beside a free range are whole years, whole months or as many days, as it has', () => {
  const neighbours = {
    '2025-09-01..2026-08-31': ['2024-09-01..2025-08-31', '2026-09-01..2027-08-31'],
    '2023-03-01..2024-02-29': ['2022-03-01..2023-02-28', '2024-03-01..2025-02-28'],
    '2026-01-01..2026-02-28': ['2025-11-01..2025-12-31', '2026-03-01..2026-04-30'],
    '2026-11-10..2026-11-16': ['2026-11-03..2026-11-09', '2026-11-17..2026-11-23'],
  };
  for (const [text, [before, after]] of Object.entries(neighbours)) {
    const { previous, next } = period(text);
    assert.deepEqual([previous, next], [before, after], text);
  }
});

test('a year before 29 February is the 28th', () => {
  assert.equal(yearBefore('2024-02-29'), '2023-02-28');
  assert.equal(yearBefore('2026-11-25'), '2025-11-25');
});

test('the year of a contract begins on its day, before or after the day that is looked at', () => {
  assert.equal(contractYear('2026-11-25', '09-01'), '2026-09-01..2027-08-31');
  assert.equal(contractYear('2026-08-31', '09-01'), '2025-09-01..2026-08-31');
  assert.equal(contractYear('2026-09-01', '09-01'), '2026-09-01..2027-08-31');
});

test('a contract of 29 February has a year, too', () => {
  assert.equal(contractYear('2026-11-25', '02-29'), '2026-03-01..2027-02-28');
  assert.equal(contractYear('2024-11-25', '02-29'), '2024-02-29..2025-02-28');
  assert.equal(contractYear('2024-02-28', '02-29'), '2023-03-01..2024-02-28');
});

test('24:00 is the end of the day, whose length does not matter', () => {
  for (const date of ['2026-03-29', '2026-10-25', '2026-11-24']) {
    assert.equal(at(date, '24:00'), dayEnd(date));
    assert.equal(at(date, '00:00'), dayStart(date));
  }
});

test('a clock after the change of a day means the clock, not the hours since midnight', () => {
  assert.equal(at('2026-10-25', '12:00'), dayStart('2026-10-25') + 13 * 3600e3);
  assert.equal(at('2026-03-29', '12:00'), dayStart('2026-03-29') + 11 * 3600e3);
});

test('a Tempo season begins on the first of September and has the name of that year', () => {
  const days = ['2026-08-31', '2026-09-01', '2026-09-30', '2026-12-31', '2027-01-01', '2027-08-31', '2027-09-01'];
  assert.deepEqual(days.map(seasonOf), [2025, 2026, 2026, 2026, 2026, 2026, 2027]);
});

test('a Tempo day begins at six of the local clock, in the nights of a change, too', () => {
  const of = (text) => tempoDay(Date.parse(text));
  assert.equal(of('2026-11-25T04:59:59Z'), '2026-11-24');
  assert.equal(of('2026-11-25T05:00:00Z'), '2026-11-25');
  assert.equal(of('2026-09-01T03:59:59Z'), '2026-08-31');
  assert.equal(of('2026-09-01T04:00:00Z'), '2026-09-01');
  assert.equal(of('2026-03-29T03:59:59Z'), '2026-03-28');
  assert.equal(of('2026-03-29T04:00:00Z'), '2026-03-29');
  assert.equal(of('2026-10-25T04:59:59Z'), '2026-10-24');
  assert.equal(of('2026-10-25T05:00:00Z'), '2026-10-25');
});

test('the same time of another day is by the wall clock, also when the clocks changed between', () => {
  const before = dayStart('2026-10-24'); // summer time, the 26th is winter's
  assert.equal(sameTime(dayStart('2026-10-26') + 7.5 * 3600e3, '2026-10-24'), before + 7.5 * 3600e3);
  assert.equal(sameTime(dayStart('2026-10-25') + 25 * 3600e3, '2026-10-24', '2026-10-25'), before + 24 * 3600e3);
});
