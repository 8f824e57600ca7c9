"""What is live: the newest state of each meter and its last ten minutes, from MQTT, and who watches them."""
