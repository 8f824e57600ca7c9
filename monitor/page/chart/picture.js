// A chart as a PNG file: its title, the drawing as it is on screen, its legend. An SVG is painted shape by shape: loading
// it as an image would need addresses (data:, blob:) that the page's security policy does not allow.
import { ofPage, save } from '../dom.js';
import { FAMILY, contextOf, hatch } from './paint.js';

const MARGIN = 16;
const textOf = (li) =>
  [...li.childNodes]
    .map((node) => node.textContent.trim())
    .filter(Boolean)
    .join(' ');

const HEAD = 72; // px: the title, and whose numbers these are

/**
 * name: of the file, without its ending; notes: whose numbers these are, and their sums; legend: its list.
 * @param {{name: string, title: string, notes: (string | false | null | undefined)[],
 *   drawing: SVGSVGElement | HTMLCanvasElement | null | undefined, legend?: Node | null}} options
 */
export async function picture({ name, title, notes, drawing, legend = null }) {
  if (!drawing) return; // nothing is on screen
  const ratio = Math.max(2, devicePixelRatio),
    box = drawing.getBoundingClientRect(),
    items = [...(legend?.childNodes ?? [])].filter((li) => li instanceof HTMLElement && !li.hidden),
    page = getComputedStyle(document.body);
  const canvas = document.createElement('canvas'),
    ctx = contextOf(canvas),
    width = box.width + 2 * MARGIN;
  ctx.font = `14px ${FAMILY}`;
  const lines = rowsOf(ctx, items, box.width);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round((HEAD + box.height + lines.length * 24 + MARGIN) * ratio);
  ctx.scale(ratio, ratio);
  ctx.fillStyle = page.backgroundColor;
  ctx.fillRect(0, 0, width, canvas.height);
  ctx.fillStyle = page.color;
  ctx.font = `600 16px ${FAMILY}`;
  ctx.textBaseline = 'middle';
  ctx.fillText(title, MARGIN, 24, box.width);
  ctx.font = `14px ${FAMILY}`;
  ctx.fillText(notes.filter(Boolean).join(' · '), MARGIN, 48, box.width);
  ctx.save();
  ctx.translate(MARGIN, HEAD - 4);
  if (drawing instanceof HTMLCanvasElement) ctx.drawImage(drawing, 0, 0, box.width, box.height);
  else paintSvg(ctx, drawing, box);
  ctx.restore();
  lines.forEach((line, i) => line.forEach(({ li, x }) => key(ctx, li, MARGIN + x, HEAD + box.height + i * 24 + 14)));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  save(blob, `${name}.png`);
}

// ---- legend --------------------------------------------------------------------------------------
function rowsOf(ctx, items, width) {
  const rows = [];
  let x = Infinity;
  for (const li of items) {
    const wide = 28 + ctx.measureText(textOf(li)).width + 24;
    if (x + wide > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1).push({ li, x });
    x += wide;
  }
  return rows;
}

function key(ctx, li, x, y) {
  const mark = li.querySelector('[aria-hidden]'),
    css = mark && getComputedStyle(mark);
  if (css) {
    const line = Number.parseFloat(css.borderTopWidth) >= 2 && mark.getBoundingClientRect().height <= 3;
    ctx.save();
    if (line) {
      ctx.strokeStyle = css.borderTopColor;
      ctx.lineWidth = 2;
      if (css.borderTopStyle === 'dashed') ctx.setLineDash([4, 3]);
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x + 20, y);
      ctx.stroke();
    } else {
      const ink = getComputedStyle(li).color;
      ctx.fillStyle = css.backgroundImage.includes('gradient') ? hatch(ctx, { ink, ratio: 1 }) : css.backgroundColor;
      ctx.strokeStyle = css.backgroundImage.includes('gradient') ? ink : edgeOf(css);
      ctx.fillRect(x, y - 6, 14, 12);
      ctx.strokeRect(x + 0.5, y - 5.5, 13, 11);
    }
    ctx.restore();
  }
  ctx.fillStyle = getComputedStyle(li).color;
  ctx.font = `14px ${FAMILY}`;
  ctx.fillText(textOf(li), x + 28, y);
}

/** A swatch that is nearly as light as the paper has an outline, on the page as in the picture. */
function edgeOf(css) {
  const clear = /^(transparent|rgba\(.*, 0\))$/.test(css.borderTopColor);
  return Number.parseFloat(css.borderTopWidth) && !clear ? css.borderTopColor : css.backgroundColor;
}

// ---- SVG: the shapes that our charts are made of -----------------------------------------------------
function paintSvg(ctx, svg, box) {
  const view = svg.viewBox.baseVal,
    scale = Math.min(box.width / view.width, box.height / view.height);
  ctx.scale(scale, scale);
  for (const node of svg.querySelectorAll('rect, line, path, text, circle')) {
    const css = getComputedStyle(node);
    if (node.closest('defs') || css.visibility === 'hidden' || css.display === 'none') continue;
    ctx.save();
    ctx.globalAlpha = Number(css.opacity);
    if (node.localName === 'text') words(ctx, node, css);
    else shape(ctx, outline(node), css);
    ctx.restore();
  }
}

const number = (node, name) => Number.parseFloat(node.getAttribute(name) ?? '0') || 0;

function outline(node) {
  if (node.localName === 'path') return new Path2D(node.getAttribute('d'));
  const path = new Path2D();
  if (node.localName === 'rect') {
    path.rect(number(node, 'x'), number(node, 'y'), number(node, 'width'), number(node, 'height'));
  } else if (node.localName === 'circle') {
    path.arc(number(node, 'cx'), number(node, 'cy'), number(node, 'r'), 0, 2 * Math.PI);
  } else {
    path.moveTo(number(node, 'x1'), number(node, 'y1'));
    path.lineTo(number(node, 'x2'), number(node, 'y2'));
  }
  return path;
}

function shape(ctx, path, css) {
  const fill = paint(ctx, css.fill),
    stroke = paint(ctx, css.stroke);
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill(path);
  }
  if (stroke) {
    ctx.strokeStyle = stroke;
    ctx.lineWidth = Number.parseFloat(css.strokeWidth) || 1;
    if (css.strokeDasharray !== 'none') ctx.setLineDash(css.strokeDasharray.split(/[ ,]+/).map(Number.parseFloat));
    ctx.stroke(path);
  }
}

/** A colour, or the hatch that a pattern of patterns.js is. */
function paint(ctx, value) {
  const pattern = /url\("#(.+)"\)/.exec(value)?.[1];
  if (!pattern) return value === 'none' ? null : value;
  const part = (name) => ofPage(`.${pattern}-${name}`);
  return hatch(ctx, {
    ground: getComputedStyle(part('ground')).fill,
    ink: getComputedStyle(part('ink')).stroke,
    ratio: 1,
    rising: pattern === 'pat-white',
  });
}

function words(ctx, node, css) {
  ctx.font = `${css.fontWeight} ${css.fontSize} ${FAMILY}`;
  ctx.fillStyle = css.fill;
  ctx.textAlign = { middle: 'center', end: 'right' }[css.textAnchor] ?? 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.fillText(node.textContent, number(node, 'x'), number(node, 'y'));
}
