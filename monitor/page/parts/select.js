import { h } from '../base/dom.js';

/**
 * A list to choose from. options: key, text, and the language of a text that is not the page's; props: of the list.
 * @param {{options: any[][], value?: string | null, onpick: (key: string) => void, 'aria-label'?: string}} options
 */
export const select = ({ options, value, onpick, ...props }) =>
  h(
    'select',
    { ...props, onchange: ({ currentTarget }) => onpick(currentTarget.value) },
    options.map(([key, text, lang]) => h('option', { value: key, selected: key === value, lang }, text)),
  );
