/** '22:00–06:00, 12:30–15:30' → parts of a day from 0 to 24 h; what goes over midnight is two. '' has none. */
export function spans(text) {
  if (!text) return [];
  return text.split(', ').flatMap((span) => {
    const [a, b] = span.split('–').map((clock) => {
      const [hour, minute] = clock.split(':').map(Number);
      return hour + minute / 60;
    });
    if (a < b) return [[a, b]];
    return [
      [0, b],
      [a, 24],
    ].filter(([from, to]) => to > from);
  });
}

/** Of a list of months, those at which the windows changed; the first one is always there. */
export const changes = (months) => months.filter(([, text], i) => !i || text !== months[i - 1][1]);
