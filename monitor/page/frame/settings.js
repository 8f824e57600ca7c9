// The settings are opened seldom: a file of their own in the bundle, too.
export { default } from '../places/settings/view.js';
