// The words of all places; those of one place are in its file.
import * as f from './format.js';
import day from '../places/day/en.js';
import expected from '../parts/expected_en.js';
import now from '../places/now/en.js';
import review from '../places/review/en.js';
import status from '../places/status/en.js';
import sun from '../sources/sun_en.js';
import { COLOURS } from './offers.js';

export default {
  skip: 'Skip to content',
  pages: 'Pages',
  places: {
    now: 'Now',
    day: 'Day',
    review: 'Review',
    contracts: 'Contracts',
    status: 'Status',
  },
  meterChoice: 'Meter',
  allMeters: 'All',
  meterName: (end) => `Meter …${end}`,
  theme: { auto: 'Theme: automatic', light: 'Theme: light', dark: 'Theme: dark' },
  language: 'Français',
  logout: 'Log out',
  colon: ': ',
  again: 'tap again to open',
  figures: 'Show the figures',
  csv: 'Download (CSV)',
  previous: 'Previous',
  next: 'Next',
  unknown: 'unknown',
  updated: (time) => `updated at ${time}`,
  close: 'Close',
  prices: {
    of: (name) => ['Prices: ', name],
    regulated: 'EDF Tarif Bleu',
    assumed: (name) => ['Prices: ', name, ', assumed'],
  },
  young: 'This meter is new: its first readings will appear here within a quarter of an hour.',

  tariff: {
    ...COLOURS.en,
    injected: 'Exported',
    recovered: 'Recovered',
    partial: 'partial data',
  },
  month: 'Month',
  now,

  setup: {
    port: 'Choose the port of the meter in the options of the app, on the “Configuration” tab.',
    found: 'Ports found:',
    which: 'Not sure? Unplug the adapter of the meter: its name leaves the list within a minute.',
    none: 'No port was found: plug the adapter in, then restart the app.',
    broker: 'Install the app “Mosquitto broker”: the readings of the meter pass through it.',
    install: 'Install Mosquitto',
  },

  address: {
    title: 'Unknown address',
    nothing: 'There is nothing at this address.',
    day: (text) => `“${text}” is not a valid date.`,
    period: (text) => `“${text}” is not a week, a month or a year.`,
    season: (text) => `“${text}” is not a season.`,
    go: (place) => `Go to “${place}”`,
  },

  alerts: {
    title: 'Alerts',
    since: (time) => `since ${time}`,
    seen: 'Seen',
    more: (n) => `${n} ${f.plural(n, 'more alert', 'more alerts')}`,
  },

  notices: {
    never: [
      'No frame received yet.',
      'Check that the reader is running: ',
      'teleinfo-reader check',
      '. This page will fill in as soon as the first frame arrives.',
    ],
    neverApp: 'This page will fill in as soon as the first frame arrives. The log of the app shows what is received.',
    silent: (time, since) => `No data from the meter since ${time} (${since}).`,
    onDay: (day, time) => `${day} at ${time}`,
    silentMore: (power) => `Last value: ${power}; the current power is unknown.`,
    cable: 'Check the cable: teleinfo-reader check',
    cableApp: 'Check the cable; the log of the app shows what is received.',
    mqtt: 'Live updates interrupted (no MQTT connection).',
    mqttMore: 'The history is still available.',
    reader: 'The reader is not responding.',
    storer: 'The storer is not responding.',
    framesWait: 'Nothing is lost: frames are kept in the queue.',
    away: 'The server is not responding.',
    awayMore: 'The page retries automatically.',
    database: 'The database is not responding.',
    databaseMore: 'Live updates continue and nothing is lost: frames are kept in the queue.',
    overload: (power, limit) => `Overload: ${power}, with ${limit} subscribed.`,
    overloadPhase: (over, n) => `Overload: ${over} over the limit on phase ${n}.`,
    overloadSaid: 'The meter reports an overload.',
    overloadMore: 'Switch something off, or the breaker may trip.',
    keptMore: 'View the status',
    unknownMeter: 'Unknown meter',
    unknownMeterMore: (id) => `Meter ${id}, which the address of the page asks for, is not known here. Known meters:`,
    failed: 'This page could not be loaded.',
    blockFailed: 'This could not be computed. Try again in a moment.',
    failedMore: 'Try again in a moment.',
    retry: 'Try again',
    ended: 'The session has expired: reload the page.',
    reload: 'Reload',
  },
  day,
  expected,
  review,
  status,
  sun,
};
