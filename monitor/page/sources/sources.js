// What a home has besides its meter, ready for the places to put in: names, columns, segments of bars, texts, facts, blocks.
// No place knows which kinds there are. Each function takes an answer of the API, or a row of it, and gives nothing where
// the home has none.
export { devicesBlock as usedBlock, ofInterval } from './devices.js';
export { runningBlock, runningOf } from './running.js';
export {
  contradiction,
  curveColumn,
  curveName,
  drawnColumn,
  drawnName,
  drawnText,
  drawnToday,
  madeColumns,
  madeFacts,
  madeText,
  ownLegend,
  ownOf,
  powersOf,
  powerText,
  surplusChoices,
  todayTexts,
  unseenExport,
  worthFacts,
} from './sun.js';
