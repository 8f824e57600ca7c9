"""Meters that another device decodes: a message over MQTT becomes labels of TIC. Pure: no I/O, no clock.

A port that is a topic (`common/contract/topic_port`) has a `message.Decoder`. It parses a message within bounds and
recognises its publisher, unless the port tells; `publishers` has one file each, and says which label a key is;
`conversion` writes the value as the meter does. What comes out is a `reading.Reading`: what this one message says of a
meter, no more. What the message leaves out is not in it, and whether a value may be believed is not decided there.

A device with a topic a label, or without a cache, does not say with each message which meter it is, in which mode, on
how many phases: the decoder remembers that for each device, and nothing else.

What belongs together is made one reading by `gather`. A `belief.Belief` a meter and publisher takes these and decides
what of them makes a frame: `values` drops what cannot be true by itself or beside the others, `registers` what no meter
can have counted since the value before, `interval` learns how often messages come. `meters` puts these together, for
all meters of a port; `reader/line/topic` brings it the messages.
"""
