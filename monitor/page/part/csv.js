/** What a spreadsheet would take as a formula is text: a meter, or whoever writes to the broker, chose it. */
const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

/** French spreadsheets want ; and a comma, others a comma and a point; a BOM keeps the accents. */
export function csvText(columns, rows, french) {
  const cell = (x) =>
    typeof x === 'number' ? String(x).replace('.', french ? ',' : '.') : `"${safe(String(x)).replaceAll('"', '""')}"`;
  return `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(french ? ';' : ',')).join('\r\n')}\r\n`;
}
