// The least reader of a meter with what Node's readers are made of, serialport and mqtt: cuts lines and fields, verifies
// nothing, publishes each frame as JSON. What such a program does besides comes on top of this.
const { SerialPort } = require('serialport');
const mqtt = require('mqtt');

const client = mqtt.connect(process.env.MQTT_URL);
const port = new SerialPort({ path: process.env.SERIAL, baudRate: 9600, dataBits: 8, parity: 'none' });
let rest = '';
let frame = {};
port.on('data', (data) => {
    const lines = (rest + data.toString('latin1')).split('\r');
    rest = lines.pop();
    for (const line of lines) {
        const fields = line.replace(/[\x02\x03\n]/g, '').split('\t');
        if (fields[0] === 'ADSC') {
            frame = {};
        }
        frame[fields[0]] = { raw: fields[1], value: Number.parseInt(fields[1], 10) || fields[1] };
    }
    if (rest.includes('\x03')) {
        rest = '';
        if (frame.ADSC) { // not the rest of a frame that had begun before
            client.publish(`node/${frame.ADSC.raw}`, JSON.stringify(frame), { qos: 1 });
        }
    }
});
port.on('error', (error) => { throw error; });
