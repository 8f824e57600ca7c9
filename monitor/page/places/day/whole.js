/** Whether a day's hours hold a number of the whole day, that came from elsewhere: it is that of no hour. */
export const inOne = (rows) => rows.some((row) => row.across);
