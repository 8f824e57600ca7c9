// What the page's modules ask of a browser when they are loaded: to be imported before them.
globalThis.location = new URL('http://house.test/');
globalThis.document = {
  baseURI: 'http://house.test/',
  documentElement: {},
  querySelector: () => null,
  createComment: () => ({}),
};
