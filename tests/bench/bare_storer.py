"""The least storer: a message, a row, a commit, a confirmation. `python -m tests.bench.bare_storer BROKER DATABASE`.

DATABASE is JSON with the arguments of pymysql.connect.
"""

import json
import sys
from typing import Any

import paho.mqtt.client as paho
import pymysql
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.servers import HOST

TABLE = (
    "CREATE TABLE IF NOT EXISTS bare (at DOUBLE NOT NULL PRIMARY KEY, meter VARCHAR(12) NOT NULL, power INT,"
    " content TEXT NOT NULL)"
)
_INSERT = "INSERT INTO bare (at, meter, power, content) VALUES (%s, %s, %s, %s)"


def main() -> None:
    connection = pymysql.connect(**json.loads(sys.argv[2]))

    def on_message(client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        content = json.loads(message.payload)
        frame = content["frame"]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, (content["at"], frame["ADSC"], frame["SINSTS"], json.dumps(frame)))
        connection.commit()
        client.publish("bare/stored", str(content["at"]), qos=1)

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe("bare/frame", qos=1)
    client.connect(HOST, int(sys.argv[1]))
    client.loop_forever()


if __name__ == "__main__":
    main()
