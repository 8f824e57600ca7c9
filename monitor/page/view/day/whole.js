/** Whether a day's hours hold one number only, of the day or a month, that came from elsewhere: it is that of no hour. */
export function inOne(rows) {
  const known = rows.filter((row) => row.coverage > 0 || row.total > 0);
  return rows.length > 1 && known.length === 1 && known[0] === rows.at(-1) && known[0].imported === known[0].total;
}
