/** The value of a column of `series` at an instant; null outside it and in its holes. */
export function valueAt(series, column, t) {
  return series[column]?.[Math.floor((t - series.t0) / series.step)] ?? null;
}
