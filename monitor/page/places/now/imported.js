// A home of which only imports are known has no present: where its past is, and how a meter comes.
import * as api from '../../base/api.js';
import { T } from '../../base/i18n.js';
import { again } from '../../base/router.js';
import { blank, page, toSettings, wayTo } from '../../parts/block.js';
import { importedText } from '../../parts/known/known.js';

/** @import {Context, Meter, View} from '../../../../deploy/page/types' */

/** @type {(context: Context<Meter>) => View} */
export default function imported({ meter, meters, title }) {
  const year = meter.known_until?.slice(0, 4);
  const node = page(
    'now',
    title,
    blank(
      T.notices.never,
      importedText(meter),
      year && wayTo(`bilan/${year}`, `${T.places.review} ${year}`),
      wayTo('contrats', T.places.contracts),
      toSettings('port', T.notices.port),
    ),
  );
  return {
    title,
    node,
    async refresh() {
      if ((await api.meters()).meters.length !== meters.length) again();
    },
  };
}
