// What the modules of the page hand to each other. What the server answers is in answers.d.ts,
// which `./run check` makes of the dataclasses of the routes.
import type * as Answers from './answers';

// ---- the document -------------------------------------------------------------------------------
/** What h() and s() put into a node; null and false are left out. No number: `length && h(…)` would show a 0. */
export type Child = Node | string | false | null | undefined | Child[];

type Value = string | number | boolean | null | undefined;
/** Of HTML and SVG, the attributes that the page sets. */
type Attribute =
  | 'accept'
  | 'action'
  | 'autocapitalize'
  | 'autocomplete'
  | 'checked'
  | 'class'
  | 'cx'
  | 'cy'
  | 'd'
  | 'datetime'
  | 'disabled'
  | 'download'
  | 'height'
  | 'hidden'
  | 'href'
  | 'for'
  | 'id'
  | 'inputmode'
  | 'label'
  | 'lang'
  | 'max'
  | 'maxlength'
  | 'method'
  | 'min'
  | 'multiple'
  | 'name'
  | 'open'
  | 'patternUnits'
  | 'placeholder'
  | 'r'
  | 'rel'
  | 'required'
  | 'role'
  | 'rx'
  | 'scope'
  | 'selected'
  | 'shape-rendering'
  | 'size'
  | 'spellcheck'
  | 'step'
  | 'tabindex'
  | 'target'
  | 'text-anchor'
  | 'title'
  | 'type'
  | 'value'
  | 'viewBox'
  | 'visibility'
  | 'width'
  | 'x'
  | 'x1'
  | 'x2'
  | 'y'
  | 'y1'
  | 'y2';
type Listeners<Target> = {
  [Name in keyof GlobalEventHandlersEventMap as `on${Name}`]?: (
    event: GlobalEventHandlersEventMap[Name] & { currentTarget: Target },
  ) => unknown;
};
/** Attributes, listeners and custom properties of a node. */
export type Props<Target> = { [name in Attribute]?: Value } & {
  [name: `aria-${string}` | `data-${string}` | `--${string}`]: Value;
} & Listeners<Target>;

// ---- views --------------------------------------------------------------------------------------
/** As the server knows it, or as much as is live. */
export type Meter = Partial<Answers.Meters['meters'][number]> & { id: string };
export type Choice = {
  meter: Meter | null;
  /** every meter together, on the first place */
  all: boolean;
  /** what the address asks for in vain */
  unknown: string | null;
};
/** What a view is given. Only the places `now`, `status` and `settings` are drawn without a meter. */
export type Context<M = Meter> = {
  meters: Meter[];
  meter: M;
  choice: Choice;
  /** the server's clock */
  now: () => number;
  /** of the address, after the place: a day, a period, a season */
  detail: string;
  query: URLSearchParams;
  title: string;
};
export type View = {
  title: string;
  node: Element;
  /** once it is in the document */
  entered?: () => unknown;
  /** asks again for what it shows of today */
  refresh?: () => unknown;
  /** what passes by itself, every few seconds */
  tick?: () => unknown;
  leave?: () => unknown;
};

// ---- answers, as views have them ------------------------------------------------------------------
/** A number of ms, or a local day. */
export type Time = number | string;
export type Energy = Answers.Energy;
export type Interval = Answers.Interval;
/** A series with the values of its line. */
export type Curve = Answers.Series & { mean: Array<number | null> };
/** A curve of a day, with its holes. */
export type DayCurve = Curve & { gaps: NonNullable<Answers.Series['gaps']> };
/** From, to, why, and the Wh that the reading after it shows. */
export type Gap = DayCurve['gaps'][number];

// ---- tables and charts -------------------------------------------------------------------------------------
export type KeyValue = { name: Child; value: Child; note?: Child; tone?: string; other?: Child };
/** In the units of an axis. */
export type Range = { min: number; max: number };
/** Where something is picked with pointer, keys or a screen reader, and what is then read. */
export type Reading = {
  /** says what is drawn */
  label: string;
  /** what is read while nothing is picked */
  resting?: string;
};
export type Segment = { css: string; value: number };
export type Bar = {
  label: string;
  /** what the reading line says */
  text: string;
  segments: Segment[];
  below?: Segment | null;
  /** some of its data are missing */
  mark?: boolean;
  /** the owner noted something there */
  flag?: boolean;
  /** what another day had there */
  ghost?: number | null;
  /** its number on the axis, where that is not its number in the list: the hours of a day of 25 */
  place?: number;
};
/** A colour of the style sheet by its name, without the dashes. */
export type Palette = (name: string) => string;
/** What is painted on the canvas of a day. */
export type DayLook = {
  series: DayCurve;
  colour: Palette;
  /** device pixels a px */
  ratio: number;
  /** the scale of text */
  big: number;
};
export type Box = { x: number; y: number; wide: number; tall: number };
