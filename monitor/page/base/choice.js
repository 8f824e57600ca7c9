// Whose numbers are shown: what the address says, else what was chosen last, else the first meter.
export const ALL = 'tous';

const has = (meter, id) => meter.id === id || meter.replaced?.includes(id);

/** @import {Choice, Meter} from '../../../deploy/page/types' */

/**
 * What the page shows; place: null where it has none.
 * @type {(meters: Meter[], asked: string | null, last: string | null, place: string | null) => Choice}
 */
export function chosen(meters, asked, last, place) {
  const find = (id) => meters.find((meter) => has(meter, id)) ?? null;
  const one = find(asked);
  if (asked != null && asked !== ALL && !one && meters.length) return { meter: null, all: false, unknown: asked };
  return {
    meter: one ?? find(last) ?? meters[0] ?? null,
    all: place === 'now' && meters.length > 1 && (asked ?? last) === ALL,
    unknown: null,
  };
}
