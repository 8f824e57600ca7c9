import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, period, tempoDay, yearBefore } from '../../monitor/page/time.js';

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

test('the neighbours of a free range are the same days of the years before and after', () => {
  const range = period('2023-03-01..2024-02-29');
  assert.equal(range.previous, '2022-03-01..2023-02-28');
  assert.equal(range.next, '2024-03-01..2025-02-28');
});

test('text that is no period gives nothing', () => {
  for (const text of ['', 'novembre', '2026-W', '2026-11-01..']) assert.equal(period(text), null);
});

test('a year before 29 February is the 28th', () => {
  assert.equal(yearBefore('2024-02-29'), '2023-02-28');
  assert.equal(yearBefore('2026-11-25'), '2025-11-25');
});

test('a Tempo day runs from 6:00 to 6:00, also when the clocks change', () => {
  assert.equal(tempoDay(at('2026-11-26', '05:59')), '2026-11-25');
  assert.equal(tempoDay(at('2026-11-26', '06:00')), '2026-11-26');
  assert.equal(tempoDay(at('2026-03-29', '06:30')), '2026-03-29');
  assert.equal(tempoDay(at('2026-10-25', '05:30')), '2026-10-24');
});
