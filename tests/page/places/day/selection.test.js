import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { useZone } from '../../../../monitor/page/base/time.js';
import { spanOf, writeSpan } from '../../../../monitor/page/places/day/selection.js';

test('an address tells which of the two hours of a night in autumn was selected', () => {
  useZone('Europe/Paris');
  const night = '2026-10-25',
    utc = (clock) => Date.parse(`${night}T${clock}Z`);
  const spans = {
    '02:10..02:50': [utc('00:10'), utc('00:50')],
    '02:10b..02:50b': [utc('01:10'), utc('01:50')],
    '02:10..02:10b': [utc('00:10'), utc('01:10')],
    '02:59:59b..07:10': [utc('01:59:59'), utc('06:10')],
    '23:00..24:00': [utc('22:00'), utc('23:00')],
  };
  for (const [text, span] of Object.entries(spans)) {
    assert.equal(writeSpan(span, night), text);
    assert.deepEqual(spanOf(night, text), span);
  }
  assert.equal(spanOf(night, '02:10c..02:50'), null);
  assert.equal(
    writeSpan([Date.parse('2026-11-25T06:10Z'), Date.parse('2026-11-25T06:25Z')], '2026-11-25'),
    '07:10..07:25',
  );
});
