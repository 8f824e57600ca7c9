import * as f from '../base/format.js';

export default {
  title: 'Devices',
  device: 'Device',
  share: 'Share',
  rest: 'Rest of the home',
  restOf: 'Rest',
  energyOf: (name) => `${name} (kWh)`,
  costOf: (name) => `${name} (€)`,
  summary: (devices, house) => `Devices: ${devices}${house ? ` out of ${house}` : ''}.`,
  resting: (devices, house) => `${devices} measured by device, out of ${house} used.`,
  restingHouse: (devices, house) => `${devices} measured by device, of ${house} used by the home.`,
  method: 'Costs at the mean price of a kWh in each hour, without the standing charge.',
  roof: ' What the roof made is counted as if it had been bought.',
  above: (devices, house) => `The devices counted ${devices}, more than the home used, ${house}.`,
  aboveMore: (periods) =>
    `One of the two is wrong${periods > 1 ? ` (${f.number(periods)} periods concerned)` : ''}: check the source, its unit and its meter.`,
};
