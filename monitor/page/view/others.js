// The places that few visits begin with. The bundle has them in a file of their own, which comes when the first of them
// is opened.
export { default as day } from './day.js';
export { default as review } from './review.js';
export { default as status } from './status.js';
export { default as contracts } from './contracts.js';
export { default as together } from './together.js';
export { default as unknown } from './unknown.js';
