"""Classifies errors of MariaDB by number: retried, permanent, or caused by the row.

The number decides, not the class of the exception: PyMySQL raises OperationalError for a lost connection and for a
value out of range alike. An unlisted number is retried, so that nothing is discarded because of it, unless it keeps
coming for a single row while the table accepts others (`FrameStore.write`).
"""

from common.errors import (
    Conflict,
    DatabaseError,
    InvalidRow,
    PartitionMissing,
    PermanentError,
    Unavailable,
    Unclassified,
)

# Stays until a person fixes it: access denied, no such database, no such table or column, missing privilege, a table
# that has the name of another one or of a view.
_PERMANENT = {
    1044, 1045, 1046, 1049, 1050, 1054, 1095, 1130, 1142, 1143, 1146, 1227, 1347, 1370, 1524, 1698, 1820, 4151,
}  # fmt: skip
# The value does not fit: out of range, truncated, wrong type, not null, check, too large, no number left.
_INVALID_ROW = {167, 1048, 1118, 1153, 1264, 1265, 1292, 1366, 1367, 1390, 1406, 1411, 1441, 1467, 1690, 3140, 4025}
_NO_PARTITION = 1526
# A conflict with another session: lock wait, deadlock (also a certification conflict of Galera), snapshot conflict, a
# table changed since the snapshot, a partition that another storer has made.
_CONFLICT = {1020, 1205, 1213, 1412, 1493, 1507, 1517}
# A problem of the server, its disk or its tables, whatever the row.
_UNAVAILABLE = {
    *range(1003, 1020), 1021, *range(1023, 1047), 1047, 1053, *range(1076, 1082), 1094, 1099, 1100, 1105, 1114, 1119,
    1129, 1135, 1150, 1152, *range(1154, 1162), *range(1180, 1198), 1203, 1206, 1207, 1223, 1226, 1236, 1290, 1297,
    1317, 1402, 1436, 1534, 1568, 1595, 1598, 1614, 1622, 1637, 1665, 1705, 1712, 1726, 1785, 1792, 1812, 1813, 1814,
    1815, 1836, 1874, 1877, 1878, 1880, 1927, 1932, 1969, 3024, 4031,
}  # fmt: skip

_FIXES = {
    1044: "grant the user its privileges on the database, see docs/database.md",
    1045: "check database.user and database.password",
    1049: "create the database, see docs/database.md",
    1050: "rename that table, or choose another database",
    1130: "the server does not accept connections from this host, see docs/database.md",
    1114: "free space on the disk of the server",
    1142: "grant the user its privileges on the database, see docs/database.md",
    1347: "a table has the name of our view: rename it, or choose another database",
    1698: "check database.user and database.password",
}


def classify(code: int, text: str, where: str) -> DatabaseError:
    """Return the error to raise for an error number and text of the server or of the client library.

    `where` is database and server, for the message.
    """
    if code in _INVALID_ROW:
        return InvalidRow(f"{text} ({code})")
    message = f"database {where}: {text} ({code})"
    if fix := _FIXES.get(code, "see docs/database.md" if code in _PERMANENT else None):
        message += f"; {fix}"
    if code in _PERMANENT:
        return PermanentError(message)
    if code == _NO_PARTITION:
        return PartitionMissing(message)
    if code in _CONFLICT:
        return Conflict(message)
    # Below 1000 (but 167) and from 2000 to 2999 are numbers of the client library: the connection failed.
    return Unavailable(message) if code < 1000 or 2000 <= code < 3000 or code in _UNAVAILABLE else Unclassified(message)
