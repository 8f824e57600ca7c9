// Classes of a heatmap.
const CLASSES = 6;

/**
 * Limits so that each class holds about as many values; what is unknown does not count.
 * @type {(values: (number | null)[]) => number[]}
 */
export function quantiles(values) {
  const sorted = values.filter((v) => v != null).sort((a, b) => a - b);
  return Array.from({ length: CLASSES - 1 }, (_, i) => sorted[Math.floor((sorted.length * (i + 1)) / CLASSES)] ?? 0);
}

/**
 * The class of a value, 0 for the lowest; null for unknown, which is no class.
 * @type {(value: number | null, limits: number[]) => number | null}
 */
export function levelOf(value, limits) {
  if (value == null) return null;
  const i = limits.findIndex((limit) => value < limit);
  return i < 0 ? limits.length : i;
}
