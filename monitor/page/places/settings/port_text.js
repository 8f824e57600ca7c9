// A port that is a topic in one text, as readers have it: mqtt:NODE/sensor/+/state?unit=Wh&linky_east=EAST

const UNITS = ['Wh', 'kWh'];

/** @typedef {{topic: string, unit: string, labels: Map<string, string>}} TopicPort labels: by the name of a value */

/** @type {(port: string) => TopicPort} */
export function readPort(port) {
  const [topic, query = ''] = port.split(/\?(.*)/s),
    labels = new Map();
  let unit = '';
  for (const [name, label] of new URLSearchParams(query)) {
    // No label is called Wh: so a value that is named unit is told from the unit.
    if (name === 'unit' && UNITS.includes(label)) unit = label;
    else labels.set(name, label);
  }
  return { topic, unit, labels };
}

/** @type {(port: TopicPort) => string} */
export function writePort({ topic, unit, labels }) {
  const pairs = [...(unit ? [['unit', unit]] : []), ...labels];
  return `${topic}?${pairs.map((pair) => pair.map(escaped).join('=')).join('&')}`;
}

const escaped = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** What somebody typed, as a port: a topic, unless it is written as another one. @type {(text: string) => string} */
export const portOf = (text) => (/^(?:mqtt:|\/dev\/|\w+:\/\/)/.test(text.trim()) ? text.trim() : `mqtt:${text.trim()}`);
