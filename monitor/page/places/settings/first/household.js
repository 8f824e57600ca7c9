// The steps of the household: whose prices, the years before, where alerts go, and what else counts energy.
import { h } from '../../../base/dom.js';
import * as f from '../../../base/format.js';
import { addressBlock } from '../addresses.js';
import { contractGroup } from '../contract.js';
import { sourcesSection } from '../found.js';
import { pastGroup } from '../past.js';
import { W } from '../words.js';

/** @import {Made, Tools} from './steps.js' */

/** @type {(tools: Tools) => Made} */
export function contractStep({ meter, today, section, forms, widgets, offers, done }) {
  const S = W.first.contract;
  if (!meter) return { nodes: [h('p', null, S.noMeter)] };
  const group = contractGroup({
    meter,
    today,
    section,
    forms,
    widgets,
    since: `${today.slice(0, 7)}-01`,
    told: ({ state }) => state === 'saved' && done(true),
  }); // prettier-ignore
  const structure = W.first.structures[meter.structure ?? ''],
    regulated = offers.find((one) => one.structure != null && one.structure === meter.structure);
  const take = (event) => {
    group.enter(regulated?.id);
    event.currentTarget.hidden = true;
  };
  if (!group.isEntered()) group.enter(undefined);
  return {
    nodes: [
      h('p', null, S.says(f.joined([structure, meter.subscribed && f.kva(meter.subscribed)], ', '))),
      regulated &&
        !group.isEntered() &&
        h('p', null, h('button', { class: 'button', type: 'button', onclick: take }, S.regulated)),
      group.contracts,
      h('details', { class: 'other' }, h('summary', null, S.own), group.prices),
    ],
  };
}

/** What is left out for good. @type {(text: string, decline: () => Promise<void>) => HTMLElement} */
const notNeeded = (text, decline) =>
  h('p', null, h('button', { class: 'link-button', type: 'button', onclick: decline }, text));

/** @type {(tools: Tools) => Made} */
export const pastStep = ({ meter, meters, done, decline }) => ({
  nodes: [pastGroup({ meter, meters, told: () => done(true) }), notNeeded(W.first.steps.past.no, decline)],
});

/** @type {(tools: Tools) => Made} */
export function phoneStep({ saved, section, done, decline }) {
  const addresses = addressBlock(saved.addresses),
    list = /** @type {HTMLElement} */ (addresses.querySelector('.lines'));
  new MutationObserver(() => done(list.hasChildNodes())).observe(list, { childList: true });
  return {
    nodes: [addresses, section('budget').node, notNeeded(W.first.steps.phone.no, decline)],
  };
}

/** @type {(tools: Tools) => Made} */
export const devicesStep = ({ meter, meters, section, forms, done, decline }) => {
  const sources = sourcesSection({
    meter,
    meters,
    section,
    form: forms.sources,
    told: ({ state }) => done(state === 'saved' || sources.place.get().length > 0),
  });
  return { nodes: [sources.node, notNeeded(W.first.steps.devices.no, decline)] };
};
