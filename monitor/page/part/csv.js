/** French spreadsheets want ; and a comma, others a comma and a point; a BOM keeps the accents. */
export function csvText(columns, rows, french) {
  const cell = (x) =>
    typeof x === 'number' ? String(x).replace('.', french ? ',' : '.') : `"${String(x).replaceAll('"', '""')}"`;
  return `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(french ? ';' : ',')).join('\r\n')}\r\n`;
}
