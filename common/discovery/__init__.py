"""What other devices announce on the broker: energy and power of theirs, and meters that arrive decoded. Pure.

`announcements.Announcements` takes the messages of `FILTERS`, retained most of them, and says what they announce
together: devices whose values the section `sources` can follow, and meters that a reader can take for a port. Three
kinds of messages are read, one file each: `home_assistant`, `zigbee2mqtt`, `tasmota`. `announced` is what comes out of
each; `template` reads what Home Assistant would evaluate, as far as it is a path and a factor, and evaluates nothing;
`meters` finds meters among what is announced to Home Assistant, and guesses the labels of names that an owner chose.

Anybody who may publish writes these messages: text is bounded and without invisible characters, a topic is one that may
be subscribed, and what is too much is left out. Nothing here is raised.
"""
