// A drag of the mouse or of a finger over a plot selects; what does not move is a tap. Vertical moves of a finger stay
// with the page (touch-action: pan-y).

const SLOP = 6; // px: a tap trembles

/**
 * What follows, in px from the left of the surface.
 * @param {HTMLElement} surface
 * @param {{select: (from: number, to: number) => void, tap: (x: number, event: PointerEvent) => void}} answers
 */
export function drag(surface, { select, tap }) {
  /** @type {number | null} */
  let from = null;
  let moved = false;
  /** @type {(event: PointerEvent) => number} */
  const place = ({ clientX }) => clientX - surface.getBoundingClientRect().left;
  surface.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button) return;
    from = place(event);
    moved = false;
  });
  surface.addEventListener('pointermove', (event) => {
    if (from == null || !event.isPrimary) return;
    const x = place(event);
    if (!moved && Math.abs(x - from) < SLOP) return;
    if (!moved) surface.setPointerCapture(event.pointerId);
    moved = true;
    select(from, x);
  });
  surface.addEventListener('pointerup', (event) => {
    if (from != null && event.isPrimary && !moved) tap(from, event);
    from = null;
  });
  surface.addEventListener('pointercancel', () => {
    from = null;
  });
}
