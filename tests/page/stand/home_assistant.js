// A Home Assistant beside the household of the stand: what linkytic counted there, and its Energy dashboard.
const entry = (name, more = {}) => ({
  statistic: `sensor.${name}`,
  name,
  exported: false,
  cost: 'sensor.linky_price',
  ...more,
});
const OURS = [entry('Index HC'), entry('Index HP'), entry('Index EAIT', { exported: true })];
const counted = (id, name, register, wh, origin = 'linkytic') => ({
  id,
  name,
  origin,
  unit: 'kWh',
  start: '2023-02-28T23:00:00Z',
  end: '2026-10-31T23:00:00Z',
  wh,
  register,
});
const THERE = [
  counted('sensor.linky_hchc', 'linkytic HC', 'HCHC', 8_412_000),
  counted('sensor.linky_hchp', 'linkytic HP', 'HCHP', 14_220_000),
  counted('sensor.lave_linge', 'Shelly Plug', null, 312_000, 'shelly'),
];

/** One Home Assistant: respond(method, path, body, ask) gives {status, body}; ask makes a request of the storer. */
export function homeAssistant() {
  let isFilled = false;
  const dashboard = () => ({
    missing: isFilled ? [] : OURS,
    present: isFilled ? OURS : [],
    others: ['linkytic HP'],
    can_undo: isFilled,
  });
  return {
    respond(method, path, body, ask) {
      const [, part] = path.split('/');
      if (part === 'statistics') return { status: 200, body: { statistics: THERE } };
      if (part === 'import') return { status: 202, body: ask(body) };
      if (part === 'energy') {
        if (method !== 'GET') isFilled = method === 'POST';
        return { status: 200, body: dashboard() };
      }
      return { status: 200, body: { configured: true } };
    },
  };
}
