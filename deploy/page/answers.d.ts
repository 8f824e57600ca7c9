// Made by `python -m docs.tools.page_types` from the schemas in monitor/api/routes.py.

export type Problem = {
  type?: string;
  title: string;
  status: number;
  /** what to change, in the language asked for */
  detail: string;
  /** one of which must be named */
  meters?: Array<string>;
};

export type Meters = {
  /** the time zone in which days are cut */
  zone: string;
  /** the server's time */
  now: string;
  meters: Array<{
    /** the meter's address, as in topics: the parameter meter of other routes */
    id: string;
    /** that its owner gave it in the configuration */
    name: string | null;
    /** addresses of the meters that it replaced, the earliest first; other routes know them, too */
    replaced: Array<string>;
    /** the address, shortened */
    serial: string;
    mode: 'historic' | 'standard' | null;
    /** 1 or 3 */
    phases: number | null;
    /** of power */
    unit: string;
    /** subscribed power, VA */
    subscribed: number | null;
    /** base, hchp, ejp, tempo or one of prices.yaml; null: the meter does not tell */
    offer: string | null;
    /** it counts what is injected */
    producer: boolean;
    /** local day of the first readings; null: none yet */
    first: string | null;
    /** local day of the first energy that is known, read or imported; null: none yet */
    known_since: string | null;
    /** when the last stored frame came, or its minute */
    last: string | null;
    /** month and day on which the contract's year begins; null: contracts does not say */
    contract_year: string | null;
  }>;
};

export type Live = {
  meter: string;
  /** of the newest frame; while none comes, now by the clock of the frames */
  at: string | null;
  /** while no frame comes: when the last one came, if that is known */
  silent_since: string | null;
  /** frames come: power is that of now, else the last one */
  fresh: boolean;
  /** apparent power that is drawn, VA */
  power: number | null;
  /** apparent power that is injected, VA */
  injected: number | null;
  /** three phases, VA; null: a single one */
  phases: Array<{
    power: number | null;
    limit: number | null;
  }> | null;
  /** of each phase */
  volts: Array<number> | null;
  /** as in `wh` of `energy`, such as HCHP, BBRHPJW, EASF03 */
  register: string | null;
  /** more is drawn than is subscribed */
  overload: boolean;
  unit: string;
  /** VA */
  subscribed: number | null;
  /** of the tariff period, where the register has no own name */
  name: string | null;
  /** 1e-4 EUR a kWh, all taxes included */
  price: number | null;
  /** when the register began to run */
  since: string | null;
  /** when another one will run, as the meter switched in the past week */
  until: string | null;
  next: Array<{
    at: string | null;
    /** as in `wh` of `energy`, such as HCHP, BBRHPJW, EASF03 */
    register: string | null;
    /** 1e-4 EUR a kWh, all taxes included */
    price: number | null;
  }>;
  colour: 'blue' | 'white' | 'red' | null;
  tomorrow: 'blue' | 'white' | 'red' | null;
  /** active power, from the steps of the index in the last ten minutes; null: not known yet */
  mean: {
    watts: number;
    seconds: number;
  } | null;
  peak: {
    power: number | null;
    at: string | null;
  } | null;
  today: {
    /** when the database was asked */
    at: string;
    /** Wh */
    wh: number | null;
    /** Wh */
    injected_wh: number | null;
    /** 1e-4 EUR with the subscription; null: a price is missing */
    cost: number | null;
    /** Wh */
    same_hour_last_week_wh: number | null;
    /** as cost */
    same_hour_last_week_cost: number | null;
  } | null;
  links: {
    meter: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
    reader: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
    mqtt: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
    storer: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
    database: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
  };
  ring: {
    /** of the first value, epoch ms */
    t0: number;
    /** ms */
    step: number;
    /** VA, ten minutes; null: no frame */
    power: Array<number | null>;
  } | null;
};

export type Series = {
  meter: string;
  /** ms since 1970: where the first value begins */
  t0: number;
  /** ms between values */
  step: number;
  /** frames: a value holds until the next one, 5 s or a step at most */
  source: 'frames' | 'minutes' | 'hours';
  /** of power, drawn and injected */
  unit: string;
  /** VA; null where nothing is known: never interpolated */
  mean?: Array<number | null>;
  /** VA */
  min?: Array<number | null>;
  /** VA */
  max?: Array<number | null>;
  /** mean power injected, VA; only of a producer */
  injected?: Array<number | null>;
  /** VA of phase 1; only of three phases */
  p1_max?: Array<number | null>;
  /** VA of phase 2; only of three phases */
  p2_max?: Array<number | null>;
  /** VA of phase 3; only of three phases */
  p3_max?: Array<number | null>;
  /** A of phase 1 */
  i1_max?: Array<number | null>;
  /** A of phase 2 */
  i2_max?: Array<number | null>;
  /** A of phase 3 */
  i3_max?: Array<number | null>;
  /** V of phase 1 */
  v1_mean?: Array<number | null>;
  /** V of phase 1 */
  v1_min?: Array<number | null>;
  /** V of phase 1 */
  v1_max?: Array<number | null>;
  /** V of phase 2 */
  v2_mean?: Array<number | null>;
  /** V of phase 2 */
  v2_min?: Array<number | null>;
  /** V of phase 2 */
  v2_max?: Array<number | null>;
  /** V of phase 3 */
  v3_mean?: Array<number | null>;
  /** V of phase 3 */
  v3_min?: Array<number | null>;
  /** V of phase 3 */
  v3_max?: Array<number | null>;
  /** by how many minutes the local time is ahead of UTC, from when on: two of them on a day of 23 or 25 hours */
  offsets?: Array<[number, number]>;
  /** with align: t0 is that of the day that is shown, value n belongs to the same local time as value n of that day's curve, and this is where the curve itself begins; ms since 1970 */
  aligned_from?: number;
  /** from, to, register that ran; up to two days */
  registers?: Array<[number, number, string]>;
  /** from, to, why (outage: the house had no current; meter: its reader heard other meters; unknown) and the Wh that the reading after it shows, null if there is none yet; up to two days */
  gaps?: Array<[number, number, 'outage' | 'meter' | 'unknown', number | null]>;
  overloads?: Array<{
    at: string;
    seconds: number;
    /** VA */
    power: number | null;
  }>;
  /** the lowest and the highest voltage on any phase; null: the meter does not tell */
  volts?: {
    min: number;
    max: number;
  } | null;
  peak?: {
    at: string;
    power: number;
  } | null;
  /** of the time that is over */
  coverage?: number | null;
};

export type Energy = {
  meter: string;
  by: string;
  /** the zone of the days */
  zone: string;
  /** at the end of the range */
  offer: string | null;
  prices: {
    version: string | null;
    checked: string | null;
    /** prices that the answer was computed with, and that are out of date: regulated ones begin before the last 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are more than seven months old */
    old: Array<{
      offer: string;
      name: string;
      since: string;
      regulated: boolean;
    }>;
  };
  /** names that the meter gave its registers, its abbreviations written out */
  names: Record<string, string>;
  start: Array<string>;
  hours: Array<number>;
  /** drawn, by register */
  wh: Record<string, Array<number>>;
  injected_wh?: Array<number | null>;
  recovered_wh: Array<number>;
  imported_wh: Array<number>;
  across_wh: Array<number>;
  coverage: Array<number>;
  /** by register, 1e-4 EUR; null: no price is known; of one value: it has no price */
  cost: Record<string, Array<number | null>> | null;
  subscription: Array<number> | null;
  partial_cost: Array<boolean>;
  /** the range as one; null: nothing is known of it */
  whole: {
    from: string;
    to: string;
    hours: number;
    wh: Record<string, number>;
    /** Wh */
    total_wh: number;
    /** Wh */
    injected_wh: number | null;
    /** Wh */
    recovered_wh: number;
    /** Wh */
    imported_wh: number;
    /** part of imported_wh, of a day or a month that began before: nobody knows what of it is of this period */
    across_wh: number;
    coverage: number;
    cost: {
      /** 1e-4 EUR, taxes included */
      energy: number;
      /** 1e-4 EUR, taxes included */
      subscription: number;
      /** 1e-4 EUR, taxes included */
      total: number;
      by_register: Record<string, number>;
      /** the bill without tax, and its taxes; null: a tax is not known */
      parts: {
        /** 1e-4 EUR, taxes included */
        energy: number;
        /** 1e-4 EUR, taxes included */
        accise: number;
        /** 1e-4 EUR, taxes included */
        subscription: number;
        /** null: its rate is not known, so it is in the subscription */
        cta: number | null;
        /** 1e-4 EUR, taxes included */
        vat: number;
      } | null;
      /** what has no price or no contract, so is not in the cost */
      missing: Array<{
        day: string;
        offer: string | null;
        what: string;
      }>;
    } | null;
  } | null;
} | {
  meter: string;
  by: 'range';
  zone: string;
  from: string;
  to: string;
  /** from and to are those asked for, at most now, rounded down to this: where frames are no longer kept, readings are of minutes, or of hours */
  precision: 'seconds' | 'minutes' | 'hours';
  /** drawn: from the readings at both ends */
  wh: number;
  /** wh by register */
  registers: Record<string, number>;
  /** Wh */
  injected_wh: number | null;
  coverage: number;
  /** W, from wh */
  mean: number | null;
  max: {
    power: number;
    at: string;
  } | null;
  /** of max */
  unit: string;
  /** of the energy, without the subscription, 1e-4 EUR; null: no price is known */
  cost: number | null;
  /** 1e-4 EUR, taxes included; null: no price is known */
  subscription: number | null;
  /** something of it has no price */
  partial_cost: boolean;
  prices: {
    version: string | null;
    checked: string | null;
    /** prices that the answer was computed with, and that are out of date: regulated ones begin before the last 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are more than seven months old */
    old: Array<{
      offer: string;
      name: string;
      since: string;
      regulated: boolean;
    }>;
  };
};

export type Events = {
  meter: string;
  /** the latest first; a page may have fewer than limit, or none, and yet a next one */
  events: Array<{
    kind: 'overload' | 'outage' | 'gap' | 'voltage' | 'epoch' | 'tariff';
    /** its beginning; of an overload, when its power was highest */
    at: string;
    until?: string;
    /** of an overload, as long as frames told of it */
    seconds?: number;
    /** VA, the highest of an overload */
    power?: number;
    /** the voltage that was the furthest from 230 V */
    volts?: number;
    phase?: number;
    /** outage: the house had no current; meter: its reader heard other meters */
    why?: 'outage' | 'meter' | 'unknown';
    /** what the meter counted in a gap */
    wh?: number;
    /** first: the first readings; registers: an index changed without energy, as that of a new meter; contract: what the meter says of it changed; prices: a price or tax changed */
    text?: 'first' | 'registers' | 'contract' | 'prices';
    /** from then on, as far as the meter tells */
    offer?: string;
    /** from then on, VA */
    subscribed?: number;
  }>;
  /** the cursor of the next page; null: this is the last */
  next: string | null;
};

export type Peaks = {
  meter: string;
  unit: string;
  /** the highest first, one a local day */
  peaks: Array<{
    day: string;
    at: string;
    power: number;
    /** with the highest power of its own then; null: not known, or there is one */
    phase: number | null;
  }>;
};

export type Baseload = {
  meter: string;
  /** of each day the least mean power of a whole hour between 00:00 and 06:00, from energy */
  method: string;
  unit: string;
  /** of all days of the range */
  median: number | null;
  /** the day of the first value of watts */
  first: string | null;
  /** a value a day; null: the night was not whole */
  watts: Array<number | null>;
  months: Array<{
    /** such as 2026-11 */
    month: string;
    /** the median of its days */
    watts: number;
  }>;
};

export type Profile = {
  meter: string;
  by: 'day' | 'weekday';
  unit: string;
  /** the day of the first row, if by day */
  first: string | null;
  /** by day: a row a local day, with its 23, 24 or 25 hours in order; by weekday: Monday first */
  rows: Array<Array<number | null>>;
};

export type Compare = {
  meter: string;
  from: string;
  last_day: string;
  /** nothing is known of what was asked for before: the comparison begins here */
  measured_from: string | null;
  /** from the first to the last, both included */
  days: number;
  /** the season of which the range has no day */
  without: 'winter' | 'summer' | null;
  /** subscribed, kVA: the same for all offers */
  power: number;
  /** at the prices of today, or of then */
  at: 'today' | 'then';
  /** percent of what ran in peak hours that would have run in off-peak hours */
  shift: number;
  wh: number;
  /** part of wh, counted after an interruption, at an unknown hour */
  recovered_wh: number;
  /** of the range */
  hours: number;
  /** of these, measured or imported */
  hours_known: number;
  /** of these, with any reading, or imported */
  hours_read: number;
  /** offers may be ranked on this range */
  rankable: boolean;
  /** why they may not: fewer than nine hours in ten have readings; recovered energy could make another offer the cheapest */
  why: 'hours' | 'recovered' | null;
  /** the same as a sentence */
  refused: string | null;
  /** what is concluded; null: nothing can be */
  verdict: string | null;
  /** the last Tempo day of which the colour is known */
  colours_until: string | null;
  prices: {
    version: string | null;
    checked: string | null;
    /** prices that the answer was computed with, and that are out of date: regulated ones begin before the last 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are more than seven months old */
    old: Array<{
      offer: string;
      name: string;
      since: string;
      regulated: boolean;
    }>;
  };
  /** the rankable ones first, the cheapest first */
  offers: Array<{
    id: string;
    /** empty: one of the user's own offers */
    supplier: string;
    name: string;
    /** null: one of the user's own offers */
    kind: 'regulated' | 'indexed' | 'fixed' | 'spot' | null;
    yours: boolean;
    /** it was computed, of what is known, and its prices are recent */
    rankable: boolean;
    /** from 1 */
    rank: number | null;
    /** 1e-4 EUR, taxes included */
    energy: number | null;
    /** 1e-4 EUR, taxes included */
    subscription: number | null;
    /** with the best choice, if there are some */
    total: number | null;
    /** the bill without tax, and its taxes; null: a tax is not known */
    parts: {
      /** 1e-4 EUR, taxes included */
      energy: number;
      /** 1e-4 EUR, taxes included */
      accise: number;
      /** 1e-4 EUR, taxes included */
      subscription: number;
      /** null: its rate is not known, so it is in the subscription */
      cta: number | null;
      /** 1e-4 EUR, taxes included */
      vat: number;
    } | null;
    /** by period of the offer */
    wh: Record<string, number>;
    /** of the energy, by period of the offer */
    by_period: Record<string, number>;
    /** when each period holds, in words */
    rule: Record<string, string>;
    /** what a customer may choose, the cheapest first */
    choices: Array<{
      /** 0: Monday */
      weekday: number | null;
      /** such as 13:00-15:00 */
      slot: string | null;
      /** 1e-4 EUR, taxes included */
      total: number;
    }>;
    /** why it has no rank */
    why: 'prices' | 'subscription' | 'colours' | 'calendar' | 'windows' | 'minutes' | 'spot' | 'rule' | 'driven_charge' | 'old' | 'taxes' | 'hours' | 'recovered' | null;
    /** the same as a sentence */
    refused: string | null;
    hours_known: number;
    /** from which its prices hold */
    since: string | null;
    /** A: official, or two independent sources; B: one source */
    grade: string | null;
    /** when the source was last looked at */
    checked: string | null;
    source: string | null;
    /** its prices should be checked */
    old: boolean;
  }>;
};

export type Power = {
  meter: string;
  from: string;
  last_day: string;
  /** nothing is known of the range before; null: its beginning is known */
  measured_from: string | null;
  days: number;
  /** not measured */
  hours_missing: number;
  /** of the 13 from 1 December on: measured in no winter */
  winter_weeks_missing: number;
  /** whose prices the savings are of */
  offer: string | null;
  /** subscribed, kVA */
  power: number;
  /** of which the power is known */
  phases: number;
  /** why no trips are computed: the meter is not a Linky; the power of each phase is not known */
  refused: 'meter' | 'phases' | null;
  /** of the prices that savings are of */
  prices_since: string | null;
  /** whoever leaves this contract cannot come back */
  closed: boolean;
  /** minutes above nine tenths of the subscribed power */
  near: {
    minutes: number;
    days: number;
    last: string | null;
  };
  /** the next lower power, kVA */
  lower: number | null;
  /** the worst ten in which the breaker opens at that power */
  moments: Array<{
    start: string;
    /** above that power, with less than a minute below it at a time */
    seconds: number;
    /** VA, the highest of a phase */
    power: number;
    /** that had it */
    phase: number;
    trips: number;
  }>;
  moments_count: number;
  /** the lowest first */
  powers: Array<{
    /** kVA */
    power: number;
    /** it is the subscribed power */
    yours: boolean;
    /** seconds above it; with three phases, of any phase above its third */
    above: number;
    /** seconds above 1.3 times of it */
    beyond: number;
    /** above and beyond are limits: of some minutes only the highest power is known */
    at_most: boolean;
    /** how often the breaker would have opened; null: see refused */
    trips: number | null;
    /** moments in which it may have opened, and of which no seconds were read */
    unread: number | null;
    /** the highest filtered square of the power, as a share of that at which the breaker opens */
    share: number | null;
    /** share is a limit, from the highest powers of minutes */
    share_at_most: boolean;
    /** it would have been enough; null: nobody can tell */
    enough: boolean | null;
    sentence: string;
    /** 1e-4 EUR a year, taxes included, less than at the present power; negative: more */
    saving: number | null;
    /** 1e-4 EUR a year, taxes included, less than at the present power; negative: more */
    saving_subscription: number | null;
    /** 1e-4 EUR: where the price of a kWh depends on the power; the kWh of 365 days */
    saving_energy: number | null;
  }>;
  /** what else is to be known, in sentences */
  remarks: Array<string>;
};

export type Tempo = {
  meter: string;
  /** the year in which it begins, on 1 September */
  season: number;
  first: string;
  /** by season, a letter a day: B, W, R, or - for unknown; empty if no colour is known */
  colours: Record<string, string>;
  /** a letter a day: m the meter, f the user's file, b bundled, - unknown */
  sources: string;
  /** the first day that the meter showed, if a file has earlier ones */
  imported_until: string | null;
  /** days of a season; blue is one more in a season with 29 February */
  allowance: {
    blue: number;
    white: number;
    red: number;
  };
  /** days up to today */
  used: {
    blue: number;
    white: number;
    red: number;
  };
  /** days after today; null: a past day is not known */
  remaining: {
    blue: number;
    white: number;
    red: number;
  } | null;
  today: 'blue' | 'white' | 'red' | null;
  tomorrow: 'blue' | 'white' | 'red' | null;
};

export type Status = {
  meter: string | null;
  /** the way of a frame, in order */
  links: Array<{
    id: 'meter' | 'reader' | 'mqtt' | 'storer' | 'database';
    state: 'up' | 'down' | 'stalled' | 'never' | 'unknown';
    last: string | null;
    detail: string | null;
  }>;
  /** frames that readers keep on disk, and the bytes that they may take; null: not known */
  spool: {
    frames: number;
    bytes: number;
    limit: number | null;
  } | null;
  /** the frames of yesterday; null: not known */
  yesterday: {
    frames: number;
    expected: number | null;
    lost: number | null;
    recovered_wh: number;
    late_hours: number;
    coverage: number;
  } | null;
  /** frames counted by readers against those stored, up to `at`; null: not known */
  audit: {
    at: string;
    days: number;
    ok: boolean;
    incomplete_hours: number;
    missing: number;
  } | null;
  /** bytes of the tables; years until the disk is full; null: not known */
  disk: {
    used: number;
    free: number | null;
    years: number | null;
  } | null;
  /** the last backup: when its files were verified, and the rows in them; null: not known */
  backup: {
    at: string;
    rows: number;
  } | null;
  /** the last days, and minutes outside 230 V ± 10 %; null: not known */
  volts: {
    low: number;
    high: number;
    days: number;
    lowest: number;
    highest: number;
    outside_minutes: number;
  } | null;
  /** off-peak hours as the meter switched at the end of a month: 2026-11 and 22:00–06:00 */
  windows: Array<Array<string>>;
  /** name and version */
  versions: Array<Array<string>>;
};

export type App = {
  /** that are read; empty: none is chosen */
  ports: Array<string>;
  /** the serial ports of the machine, if none is chosen */
  found: Array<{
    port: string;
    /** what was received there, in English */
    says: string;
    /** whether it was a meter; null: not known */
    meter: boolean | null;
  }>;
  /** a reader is online and has a meter: the app's own, or one elsewhere */
  meter: boolean;
  /** none: there is none; service: Home Assistant's; options: that of the app's options */
  broker: 'none' | 'service' | 'options';
  /** internal: the app's own; mariadb: that of Home Assistant's MariaDB app */
  database: 'internal' | 'mariadb';
} | null;
