"""The image that has everything, without Home Assistant: one `docker run`, with a broker of its own.

It is that of `deploy/app`, whose preparation, database and services it uses; what differs is here: options come from
the environment, mosquitto runs in it unless another broker is named, and the files that the page writes are applied.
"""
