// A QR code of an address, for the camera of a phone. What computes it is loaded with the first one.
import { s } from '../../base/dom.js';

const MARGIN = 4; // modules of white around it, which cameras need

/** Its dark modules, row by row, with the margin. @type {(text: string) => Promise<boolean[][]>} */
export async function modulesOf(text) {
  const { encode } = await import('../../vendor/uqr.js');
  return encode(text, { ecc: 'M', border: MARGIN }).data;
}

/**
 * Dark on white in the dark theme, too: not all cameras read the reverse.
 * @type {(text: string, label: string) => Promise<SVGElement>}
 */
export async function qrCode(text, label) {
  const rows = await modulesOf(text);
  return s(
    'svg',
    { class: 'qr', role: 'img', 'aria-label': label, viewBox: `0 0 ${rows.length} ${rows.length}` },
    s('path', { d: pathOf(rows) }),
  );
}

/** One rectangle for each run of dark modules. @type {(rows: boolean[][]) => string} */
export const pathOf = (rows) =>
  rows
    .flatMap((row, y) =>
      [
        ...row
          .map((dark) => (dark ? '1' : '0'))
          .join('')
          .matchAll(/1+/g),
      ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
    )
    .join('');
