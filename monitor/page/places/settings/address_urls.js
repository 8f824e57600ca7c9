// What is entered of an address becomes the URL that apprise reads. No drawing here.

const code = encodeURIComponent;

/**
 * A server as people write it: its host with a port, and whether it speaks TLS; null: it is none.
 * @type {(text: string) => {host: string, isSecure: boolean} | null}
 */
export function serverOf(text) {
  const [, scheme, host] = /^(https?:\/\/)?([^/@\s]+)\/*$/i.exec(text.trim()) ?? [];
  return host && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(host)
    ? { host: host.toLowerCase(), isSecure: scheme?.toLowerCase() !== 'http://' }
    : null;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32, without those that look alike
/** A topic that nobody can guess: 80 random bits. */
export const madeUpTopic = () =>
  `teleinfo-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`;

export const NTFY = 'ntfy.sh';

/** Where a topic is read: in a browser, and by the camera of a phone. @type {(value: any) => string} */
export function topicLink({ server, topic }) {
  const { host, isSecure } = serverOf(server || NTFY) ?? { host: NTFY, isSecure: true };
  return `${isSecure ? 'https' : 'http'}:${'//'}${host}/${code(topic)}`;
}

/** @type {(value: any) => string | null} */
function ntfy({ server, topic, user, password }) {
  const found = serverOf(server || NTFY);
  if (!found || !/^[\w-]{1,64}$/.test(topic)) return null;
  const account = user ? `${code(user)}${password ? `:${code(password)}` : ''}@` : '';
  return `${found.isSecure ? 'ntfys' : 'ntfy'}://${account}${found.host}/${topic}`;
}

const PORTS = { starttls: 587, ssl: 465, insecure: 25 };

/** The server as it is written, not as apprise knows it of the sender. @type {(value: any) => string | null} */
function mail({ server, security = 'starttls', user, password, to }) {
  const found = serverOf(server ?? ''),
    recipient = to || user;
  if (!found || !/^\S+@\S+$/.test(recipient ?? '')) return null;
  const [host, port = PORTS[security]] = /^(.+):(\d+)$/.exec(found.host)?.slice(1) ?? [found.host];
  const query = {
    smtp: host,
    ...(user && { user, pass: password ?? '' }),
    from: /@/.test(user ?? '') ? user : recipient,
    to: recipient,
    mode: security,
  };
  const text = Object.entries(query)
    .map(([name, value]) => `${name}=${code(value)}`)
    .join('&');
  return `${security === 'insecure' ? 'mailto' : 'mailtos'}://${host}:${port}?${text}`;
}

/** @type {(value: any) => string | null} */
const telegram = ({ token, chat }) =>
  /^\d+:[\w-]+$/.test(token ?? '') && /^(?:-?\d+|@\w+)$/.test(chat ?? '') ? `tgram://${token}/${code(chat)}` : null;

/** @type {(value: any) => string | null} */
const freemobile = ({ user, key }) =>
  /^\d+$/.test(user ?? '') && /^\w+$/.test(key ?? '') ? `freemobile://${user}@${key}` : null;

/** @type {(value: any) => string | null} */
const other = ({ url }) => (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(url ?? '') ? url : null);

/** By service: the URL of what was entered; null: something is missing, or is not what the service takes. */
export const URL_OF = { ntfy, mail, telegram, freemobile, other };
