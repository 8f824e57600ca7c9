export default {
  young: 'This meter is new: its first readings will appear here within a quarter of an hour.',
  first: (date) => `The first frame dates from ${date}.`,
  imported: (from, to) => `Your consumption is known from ${from} to ${to}.`,
  isItsMeter: 'A meter has just arrived: is it that of your imported years?',
  unknown: 'Unknown meter',
  unknownMore: (id) => `Meter ${id}, which the address of the page asks for, is not known here. Known meters:`,
};
