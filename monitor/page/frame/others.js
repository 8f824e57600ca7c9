// The places that few visits begin with. The bundle has them in a file of their own, which comes when the first of them
// is opened.
export { default as day } from '../places/day/view.js';
export { default as review } from '../places/review/view.js';
export { default as status } from '../places/status/view.js';
export { default as contracts } from '../places/contracts/view.js';
export { default as together } from '../places/now/together.js';
export { joinHint } from '../parts/known/known.js';
export { default as imported } from '../places/now/imported.js';
export { default as unknown } from './unknown.js';
