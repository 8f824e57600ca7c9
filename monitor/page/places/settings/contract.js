// Contracts and prices: which offer since when, one's own prices from a bill, and what both do to the last month's bill.
import * as api from '../../base/api.js';
import { below, drawn } from './form.js';
import { billBlock } from './bill.js';
import { isWhole, ownOffers } from './own_offer.js';

/** @import {Outcome} from '../../parts/changes.js' */
/** @import {Meter} from '../../../../deploy/page/types' */
/** @typedef {(name: string, more?: object) => import('./section.js').Section} MakeSection */

const DECLARED = ['feed_in', 'alsace_moselle']; // of prices, what is asked as it is declared

/** What the meter says of a contract that is entered. @type {(meter: Meter | null) => object} */
const beginning = (meter) => ({
  ...(meter && { meter: meter.id }),
  ...(meter?.subscribed && { power: Math.round(meter.subscribed / 1000) }),
});

/**
 * since: the day from which a contract that is entered holds, as long as nobody says another; told: of what is saved.
 * @param {{meter: Meter | null, today: string, section: MakeSection, forms: Record<string, any>,
 *   widgets: import('./form.js').Widgets, since?: string, told?: (outcome: Outcome) => void}} options
 */
export function contractGroup({ meter, today, section, forms, widgets, since, told: toldOther = () => {} }) {
  const bill = billBlock(),
    begin = { ...beginning(meter), ...(since && { from: since }) };
  const told = (outcome) => {
    bill.show(outcome.bill);
    toldOther(outcome);
  };
  const contracts = section('contracts', { told, begin });
  /** Without one that is not whole: whoever chooses another offer leaves it. */
  const lines = () => (contracts.place.get() ?? []).filter(({ offer }) => offer);
  /** Says which offer it is, of the first contract; without an offer, it is to be chosen. */
  function enter(offer) {
    contracts.place.set([...lines(), { ...begin, ...(offer && { offer }) }]);
    contracts.redraw();
  }
  /** @type {ReturnType<typeof ownOffers>} */
  let own;
  const prices = section('prices', {
    told,
    isWhole,
    draw(place) {
      const declared = (forms.prices.fields ?? []).filter(({ name }) => DECLARED.includes(name));
      own = ownOffers({
        meter,
        today,
        place,
        more: declared
          .map((one) => drawn(one, below(place, one.name), { widgets, nameOf: () => 'entry' }))
          .filter(Boolean),
        isTaken: (id) => lines().some(({ offer }) => offer === id),
        async take(offer) {
          if (!isWhole({ offers: [offer] })) return;
          await prices.leave(); // a contract needs an offer that is saved
          const power = Number(Object.keys(offer.rows[0].subscription)[0]);
          contracts.place.set([...lines(), { meter: meter?.id, from: offer.rows[0].from, offer: offer.id, power }]);
          contracts.redraw();
          own.draw();
        },
      });
      return own.node;
    },
  });
  api
    .tryOut('contracts', contracts.place.get())
    .then(({ bill: present }) => bill.show(present))
    .catch(() => {}); // it only stands beside
  return {
    contracts: [contracts.node, bill.node],
    prices: prices.node,
    enter,
    isEntered: () => lines().length > 0,
  };
}
