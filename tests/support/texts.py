"""All texts of the monitor's reports and alerts, by key."""

from monitor.text import alert_words, delivery_words, words

FR = {**words.FR, **alert_words.FR, **delivery_words.FR}
EN = {**words.EN, **alert_words.EN, **delivery_words.EN}
