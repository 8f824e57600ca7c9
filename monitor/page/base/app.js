/** Whether this is Home Assistant's app, as the server says in index.html: there, nobody has a command line. */
export const inApp = () => 'app' in document.documentElement.dataset;
