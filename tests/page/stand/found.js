// Devices that are found on the broker of the stand: a plug, a roof, and one that cannot be read.

export const DEVICES = [
  device('Lave-linge', 'TuYa', 'TS011F_plug_1', [
    value('Power', 'zigbee2mqtt/Lave-linge', 'power', 'power', 'W', 61.2),
    value('Energy', 'zigbee2mqtt/Lave-linge', 'energy', 'energy', 'kWh', 312.41),
  ]),
  device('Toit sud', 'OpenDTU', 'HM-400', [
    value('Power', 'solar/116180000001/0/power', '', 'power', 'W', 287),
    value('YieldTotal', 'solar/116180000001/0/yieldtotal', '', 'energy', 'kWh', 912.3),
  ]),
  device('Radiateur de la chambre', 'Allterco Robotics', null, [
    { ...value('Energy', 'shellies/heater/energy', null, 'energy', null, null), reason: 'template' },
  ]),
];
function value(name, topic, path, quantity, unit, value) {
  return { name, topic, path, quantity, unit, value, reason: null, followed: false };
}
function device(name, maker, model, values) {
  return { id: name, name, maker, model, publisher: 'home_assistant', values };
}
