// The ports that a reader of the stand offers, and the meters that are found on its broker.

export const FOUND = [
  '/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_DK0AAAAA-if00-port0',
  '/dev/serial/by-id/usb-dresden_elektronik_ConBee_II_DE2132111-if00',
];
const TOPICS = ['mqtt:zigbee2mqtt/Linky', 'mqtt:linky-garage/sensor/+/state'],
  NAMES = ['Linky (Zigbee2MQTT)', 'linky-garage (ESPHome)'];

export const READERS = [
  {
    reader: 'cave',
    online: true,
    asks: true,
    reads: [],
    offers: [
      { name: FOUND[0], label: 'FTDI FT230X Basic UART', chosen: false, present: true, kept: null },
      { name: FOUND[1], label: 'ConBee II', chosen: false, present: false, kept: 'radio' },
      ...TOPICS.map((name, i) => ({ name, label: NAMES[i], chosen: false, present: true, kept: null })),
    ],
  },
];
export const DECODED = [
  { port: TOPICS[0], label: NAMES[0], publisher: 'zigbee2mqtt', values: [] },
  {
    port: TOPICS[1],
    label: NAMES[1],
    publisher: 'esphome',
    values: [
      { name: 'index_total', label: null, value: 12345678 },
      { name: 'linky_sinsts', label: 'SINSTS', value: 1410 },
      { name: 'wifi_signal', label: null, value: -61 },
    ],
  },
];
