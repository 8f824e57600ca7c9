"""All texts of the monitor's reports and alerts, by key."""

from monitor.alerts import delivery_texts as delivery_words
from monitor.alerts import texts as alert_words
from monitor.base import texts as words

FR = {**words.FR, **alert_words.FR, **delivery_words.FR}
EN = {**words.EN, **alert_words.EN, **delivery_words.EN}
