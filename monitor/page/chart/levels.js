// Classes of a heatmap.
export const CLASSES = 6;

/** Limits so that each class holds about as many values; what is unknown does not count. */
export function quantiles(values, classes = CLASSES) {
  const sorted = values.filter((v) => v != null).sort((a, b) => a - b);
  return Array.from({ length: classes - 1 }, (_, i) => sorted[Math.floor((sorted.length * (i + 1)) / classes)] ?? 0);
}

/** The class of a value, 0 for the lowest; null for unknown, which is no class. */
export function levelOf(value, limits) {
  if (value == null) return null;
  const i = limits.findIndex((limit) => value < limit);
  return i < 0 ? limits.length : i;
}
