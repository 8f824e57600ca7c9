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
    /** names of its sources of the kind device; not there: it has none */
    devices?: Array<string>;
    /** outside temperatures are known: `weather` can compare with the year before; not there: none are */
    weather?: boolean;
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
  /** W that sources of production made in the minute that ended then; null: there is none, or it is silent */
  production: {
    power: number;
    at: string;
  } | null;
  today: {
    /** when the database was asked */
    at: string;
    /** Wh */
    wh: number | null;
    /** Wh */
    injected_wh: number | null;
    /** Wh that sources of production made; null: there is none, or it is new today */
    production_wh: number | null;
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

export type Later = {
  meter: string;
  /** now, 1e-4 EUR a kWh, all taxes included; null: not known */
  price: number | null;
  /** while a roof exports 100 W or more: a kWh that is used within an hour from now, at the price of feed_in as far as the surplus goes; null: less is exported */
  surplus: {
    /** exported now, W */
    power: number;
    /** 1e-4 EUR a kWh, all taxes included */
    price: number;
  } | null;
  /** the next price that differs by 0.01 EUR; null: none is known */
  change: {
    at: string;
    /** 1e-4 EUR a kWh, all taxes included */
    price: number;
  } | null;
  /** the next price cheaper than that of now, with its surplus, and the cheapest; empty: none is known */
  cheaper: Array<{
    at: string;
    /** 1e-4 EUR a kWh, all taxes included */
    price: number;
    /** of the next Tempo day; null: before it, or without Tempo */
    colour: 'blue' | 'white' | 'red' | null;
  }>;
};

export type Series = {
  meter: string;
  /** ms since 1970: where the first value begins; with align, that of the day that is shown: value n belongs to the same local time as value n of that day's curve */
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
  /** mean power that sources of production made, W; only where there is one */
  production?: Array<number | null>;
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
    /** a file of prices or colours that is wrong, its line and what to correct: the prices from before it are still used */
    error: string | null;
    /** the offer, at the end of the range; null: no price is known */
    of: {
      name: string;
      /** no line of `contracts` and no price of one's own says that it is so */
      assumed: boolean;
    } | null;
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
  production_wh?: Array<number | null>;
  self_consumed_wh?: Array<number | null>;
  self_consumption?: Array<number | null>;
  self_sufficiency?: Array<number | null>;
  saved?: Array<number | null>;
  earned?: Array<number | null>;
  /** of the whole range; only of a home that makes or injects */
  sun?: {
    /** from when on production is known, and what was injected if it is counted; null: there is no source, or it is so new that its first whole hour is not over */
    since: string | null;
    /** hours in which it sent something; inverters sleep at night */
    heard: number | null;
    /** Wh injected in the time in which production is known */
    injected_wh: number | null;
    /** Wh that the sources of production made; null: not known */
    production_wh: number | null;
    /** Wh used at home: production less what was injected, so that the three add up over any time; less than 0 where a counter shows only later what it counted; null: one of the two is not known */
    self_consumed_wh: number | null;
    /** share of the production that was used at home; null: not known */
    self_consumption: number | null;
    /** share of what the home used that it made itself; null: not known */
    self_sufficiency: number | null;
    /** 1e-4 EUR that self_consumed_wh would have cost by the register that ran; null: not known */
    saved: number | null;
    /** 1e-4 EUR for what was injected, at the prices of feed_in; null: not known */
    earned: number | null;
    /** in which more was injected than drawn */
    surplus_hours: number;
    /** the periods, or of hours the whole, in which the sources made less than was injected: one of the two is wrong; null: none */
    contradiction: {
      periods: number;
      /** Wh */
      production_wh: number;
      /** Wh */
      injected_wh: number;
    } | null;
  };
  /** what each device used */
  devices?: Record<string, Array<number | null>>;
  devices_cost?: Record<string, Array<number | null>>;
  devices_whole?: {
    devices: Record<string, {
      /** Wh; null: not known yet */
      wh: number | null;
      /** 1e-4 EUR at the mean price of each hour: of the registers that counted in it, by what the home drew on each; also for what the home made itself; null: not known, or something has no price */
      cost: number | null;
    }>;
    /** all that the home used, what it made itself included; null: that is not known */
    house_wh: number | null;
    /** what no device counted of it */
    rest_wh: number | null;
    /** 1e-4 EUR; null: the home makes energy of its own, or something has no price */
    rest_cost: number | null;
    /** the periods, or of hours the whole, in which devices counted more than the home used: a counter, its unit or its meter is wrong; null: none */
    above: {
      periods: number;
      /** Wh */
      devices_wh: number;
      /** Wh */
      house_wh: number;
    } | null;
  };
} | {
  meter: string;
  by: 'range';
  zone: string;
  /** from and to are those asked for, at most now: rounded down to a minute or an hour where no more is kept */
  from: string;
  to: string;
  /** drawn: from the readings at both ends */
  wh: number;
  /** wh by register */
  registers: Record<string, number>;
  /** Wh */
  injected_wh: number | null;
  /** Wh, to the minute; only of a home with a source of production */
  production_wh?: number;
  /** as in columns */
  self_consumed_wh?: number | null;
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
    /** a file of prices or colours that is wrong, its line and what to correct: the prices from before it are still used */
    error: string | null;
    /** the offer, at the end of the range; null: no price is known */
    of: {
      name: string;
      /** no line of `contracts` and no price of one's own says that it is so */
      assumed: boolean;
    } | null;
    /** prices that the answer was computed with, and that are out of date: regulated ones begin before the last 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are more than seven months old */
    old: Array<{
      offer: string;
      name: string;
      since: string;
      regulated: boolean;
    }>;
  };
  /** what each device used; only of a home with sources of the kind device */
  devices?: Record<string, number | null>;
  devices_cost?: Record<string, number | null>;
};

export type Devices = {
  devices: Array<{
    /** as in storer.yaml */
    name: string;
    /** W, mean of its newest minute, or of ten where its counter tells no power; null: not known */
    power: number | null;
    /** it uses 10 W or more */
    on: boolean;
    /** of that minute; null: it sent nothing for ten minutes */
    at: string | null;
  }>;
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

export type Forecast = {
  meter: string;
  /** of a month, as in `alerts`, 1e-4 EUR; null: there is none */
  budget: number | null;
  /** null: nothing is known of the meter */
  month: {
    from: string;
    to: string;
    /** what is known ends here */
    until: string;
    /** why nothing is expected: fewer than 14 days are known, or more than a month is to come and the same days of a year before are not known, or nothing was read for a week */
    why_not: 'few_days' | 'no_year' | 'silent' | null;
    /** drawn: so far, expected of the whole period, and the range in which that lies four times of five */
    wh: {
      /** Wh */
      so_far: number;
      /** Wh */
      expected: number | null;
      /** Wh */
      low: number | null;
      /** Wh */
      high: number | null;
    };
    /** the same with the subscription; null: a price is not known */
    cost: {
      /** 1e-4 EUR, taxes included */
      so_far: number | null;
      /** 1e-4 EUR, taxes included */
      expected: number | null;
      /** 1e-4 EUR, taxes included */
      low: number | null;
      /** 1e-4 EUR, taxes included */
      high: number | null;
    };
  } | null;
  /** null: nothing is known of the meter */
  year: {
    from: string;
    to: string;
    /** what is known ends here */
    until: string;
    /** why nothing is expected: fewer than 14 days are known, or more than a month is to come and the same days of a year before are not known, or nothing was read for a week */
    why_not: 'few_days' | 'no_year' | 'silent' | null;
    /** drawn: so far, expected of the whole period, and the range in which that lies four times of five */
    wh: {
      /** Wh */
      so_far: number;
      /** Wh */
      expected: number | null;
      /** Wh */
      low: number | null;
      /** Wh */
      high: number | null;
    };
    /** the same with the subscription; null: a price is not known */
    cost: {
      /** 1e-4 EUR, taxes included */
      so_far: number | null;
      /** 1e-4 EUR, taxes included */
      expected: number | null;
      /** 1e-4 EUR, taxes included */
      low: number | null;
      /** 1e-4 EUR, taxes included */
      high: number | null;
    };
  } | null;
  /** null, too: it is not known when the contract began */
  contract_year: {
    from: string;
    to: string;
    /** what is known ends here */
    until: string;
    /** why nothing is expected: fewer than 14 days are known, or more than a month is to come and the same days of a year before are not known, or nothing was read for a week */
    why_not: 'few_days' | 'no_year' | 'silent' | null;
    /** drawn: so far, expected of the whole period, and the range in which that lies four times of five */
    wh: {
      /** Wh */
      so_far: number;
      /** Wh */
      expected: number | null;
      /** Wh */
      low: number | null;
      /** Wh */
      high: number | null;
    };
    /** the same with the subscription; null: a price is not known */
    cost: {
      /** 1e-4 EUR, taxes included */
      so_far: number | null;
      /** 1e-4 EUR, taxes included */
      expected: number | null;
      /** 1e-4 EUR, taxes included */
      low: number | null;
      /** 1e-4 EUR, taxes included */
      high: number | null;
    };
  } | null;
};

export type Compare = {
  meter: string;
  from: string;
  last_day: string;
  /** nothing is known of what was asked for before: the comparison begins here */
  measured_from: string | null;
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
  /** why no offer is ranked: fewer than nine hours in ten have readings; recovered energy could make another offer the cheapest */
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
    /** a file of prices or colours that is wrong, its line and what to correct: the prices from before it are still used */
    error: string | null;
    /** the offer, at the end of the range; null: no price is known */
    of: {
      name: string;
      /** no line of `contracts` and no price of one's own says that it is so */
      assumed: boolean;
    } | null;
    /** prices that the answer was computed with, and that are out of date: regulated ones begin before the last 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are more than seven months old */
    old: Array<{
      offer: string;
      name: string;
      since: string;
      regulated: boolean;
    }>;
  };
  /** those with a rank first, the cheapest first */
  offers: Array<{
    id: string;
    /** empty: one of the user's own offers */
    supplier: string;
    name: string;
    /** null: one of the user's own offers */
    kind: 'regulated' | 'indexed' | 'fixed' | 'spot' | null;
    yours: boolean;
    /** from 1; null: see why, of the offer or of the whole */
    rank: number | null;
    /** 1e-4 EUR, taxes included */
    energy: number | null;
    /** 1e-4 EUR, taxes included */
    subscription: number | null;
    /** with the best choice, if there are some */
    total: number | null;
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
    /** it takes no new contracts at this power */
    closed: boolean;
  }>;
};

export type Power = {
  meter: string;
  from: string;
  last_day: string;
  /** nothing is known of the range before; null: its beginning is known */
  measured_from: string | null;
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
  /** whether a lower power would have been enough, or why that cannot be said */
  verdict: string;
  /** the next higher, the present, and lower ones down to the first that may trip; the lowest first */
  powers: Array<{
    /** kVA */
    power: number;
    /** it is the subscribed power */
    yours: boolean;
    /** seconds of the minutes in which it was exceeded; with three phases, a third of it */
    above: number;
    /** how often the breaker may have opened at most, by the mean and the highest power of each minute; null: at the present power and above it, or see refused */
    trips: number | null;
    /** it would have been enough; null: that cannot be said */
    enough: boolean | null;
    /** 1e-4 EUR a year, taxes included, less than at the present power; negative: more */
    saving: number | null;
  }>;
  /** what else is to be known, in sentences */
  remarks: Array<string>;
};

export type Why = {
  meter: string;
  from: string;
  /** at most so far as energy is stored */
  to: string;
  /** what it is compared with: their mean */
  compared: Array<{
    from: string;
    to: string;
  }>;
  /** why nothing is explained: less than a tenth differs, or less than 0.5 kWh and 0.10 EUR; the same days before are not known; too little was measured */
  why_not: 'same' | 'before' | 'coverage' | null;
  /** null: see why_not */
  now: {
    /** Wh */
    wh: number;
    /** 1e-4 EUR, taxes included, without the subscription; null: some of it has no price */
    cost: number | null;
  } | null;
  /** null: see why_not */
  before: {
    /** Wh */
    wh: number;
    /** 1e-4 EUR, taxes included, without the subscription; null: some of it has no price */
    cost: number | null;
  } | null;
  /** the greatest first; with the rest, they add up to now less before */
  parts: Array<{
    /** base: the base load, W; step: the power rose at once by `watts`, and stayed until `to`; hours: more or less was used in these hours of the day, null: in all; weather: the mean outside temperature of its whole days; colour: the share of `register`, the one that counts most; price: of a kWh, 1e-4 EUR */
    kind: 'base' | 'step' | 'hours' | 'weather' | 'colour' | 'price';
    /** W, °C, share or price */
    before: number | null;
    /** W, °C, share or price */
    now: number | null;
    /** of a step */
    from: string | null;
    to: string | null;
    watts: number | null;
    /** local hours: the first, and the one after the last */
    hours: Array<number> | null;
    register: string | null;
    /** Wh */
    wh: number;
    /** 1e-4 EUR, taxes included, without the subscription; null: some of it has no price */
    cost: number | null;
  }>;
  rest: {
    /** Wh */
    wh: number;
    /** 1e-4 EUR, taxes included, without the subscription; null: some of it has no price */
    cost: number | null;
    /** a quarter of the difference or more */
    large: boolean;
  } | null;
};

export type Weather = {
  meter: string;
  /** of degree days, °C */
  base: number;
  /** the name of the source; null: imported temperatures, or none */
  thermometer: string | null;
  /** null: no temperatures are known, or no day of the range is over */
  compared: {
    first: string;
    /** so far as days are over */
    last: string;
    /** that both years know; the sums below are of these */
    days: number;
    degree_days: number;
    degree_days_before: number;
    /** drawn on these days, Wh */
    wh: number;
    /** drawn on the same days a year before, Wh */
    wh_before: number;
    /** of the fit of Wh a day on degree days, with a level for each year */
    wh_per_degree_day: number | null;
    /** R² of the fit */
    quality: number | null;
    /** why nothing is corrected: fewer than 14 days or four fifths of the period are known in both years; it was too warm to heat; the fit is too bad, or the line falls */
    why_not: 'days' | 'warm' | 'weak' | null;
    /** -0.12: 12 % less than the year before would have been with this year's degree days; null: why_not */
    change: number | null;
  } | null;
};

export type Notes = {
  meter: string;
  /** the earliest first */
  notes: Array<{
    at: string;
    text: string;
  }>;
  /** null: not asked for, or fewer than seven days are known on each side */
  compared: {
    /** on each side, with the same weekdays */
    days: number;
    before: {
      first: string;
      last: string;
      /** a day */
      wh: number;
      /** 1e-4 EUR a day, subscription and taxes included; null: some of it has no price */
      cost: number | null;
      coverage: number;
    };
    after: {
      first: string;
      last: string;
      /** a day */
      wh: number;
      /** 1e-4 EUR a day, subscription and taxes included; null: some of it has no price */
      cost: number | null;
      coverage: number;
    };
  } | null;
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
  /** of the last 14 days: power flowed by day and no index moved, so that the home probably injects, and its meter is not in producer mode; null: nothing of that kind */
  unseen_export: {
    days: number;
    minutes: number;
    /** mean, VA, roughly */
    power: number;
  } | null;
  /** off-peak hours as the meter switched at the end of a month: 2026-11 and 22:00–06:00 */
  windows: Array<Array<string>>;
  /** name and version */
  versions: Array<Array<string>>;
  /** a file of prices that is wrong, its line and what to correct: the prices from before are still used */
  prices_error: string | null;
  /** lines of the configuration that have no effect: they name a meter that the database does not know */
  unused: Array<{
    section: 'contracts' | 'meters' | 'notes';
    meter: string;
  }>;
};

export type App = {
  /** that are read; empty: none is chosen */
  ports: Array<string>;
  /** the serial ports of the machine, if none is chosen */
  found: Array<string>;
  /** a reader is online and has a meter: the app's own, or one elsewhere */
  meter: boolean;
  /** none: there is none; service: Home Assistant's; options: that of the app's options */
  broker: 'none' | 'service' | 'options';
  /** internal: the app's own; mariadb: that of Home Assistant's MariaDB app */
  database: 'internal' | 'mariadb';
} | null;

export type Alerts = {
  /** messages are sent somewhere */
  sends: boolean;
  /** of which of them messages are sent */
  rules: Array<{
    name: 'overload' | 'silent' | 'power_cut' | 'red' | 'white' | 'off_peak' | 'forgotten' | 'talon' | 'budget' | 'feed_in' | 'backup' | 'disk' | 'loss' | 'voltage' | 'prices';
    on: boolean;
    text: {
      fr: string;
      en: string;
    };
  }>;
  /** what goes on */
  active: Array<{
    id: string;
    kind: 'overload' | 'silent' | 'power_cut' | 'red' | 'white' | 'off_peak' | 'forgotten' | 'talon' | 'budget' | 'feed_in' | 'backup' | 'disk' | 'loss' | 'voltage' | 'prices';
    /** null: of the whole installation */
    meter: string | null;
    began: string;
    /** null: it goes on; of what does not last, as began */
    ended: string | null;
    /** of the page that shows more of it */
    path: string;
    text: {
      fr: string;
      en: string;
    };
  }>;
  /** what is over, newest first */
  past: Array<{
    id: string;
    kind: 'overload' | 'silent' | 'power_cut' | 'red' | 'white' | 'off_peak' | 'forgotten' | 'talon' | 'budget' | 'feed_in' | 'backup' | 'disk' | 'loss' | 'voltage' | 'prices';
    /** null: of the whole installation */
    meter: string | null;
    began: string;
    /** null: it goes on; of what does not last, as began */
    ended: string | null;
    /** of the page that shows more of it */
    path: string;
    text: {
      fr: string;
      en: string;
    };
  }>;
  /** what became of the last messages to each */
  addresses: Array<{
    /** its kind and number such as ntfy 1, never the address */
    name: string;
    sent: number;
    /** are tried again */
    waiting: number;
    /** are given up */
    failed: number;
    /** the last time */
    sent_at: string | null;
    /** the last failure of a message that is not sent */
    failed_at: string | null;
    /** why it failed: a word, or http or smtp with a number */
    why: string | null;
  }>;
};
