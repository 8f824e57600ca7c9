"""The registers of a meter as the rollups keep them: one name each, whatever the mode or the contract calls them."""

#: The numbered registers of the rollups. The place of a name is its number in `breaks`;
#: `hours` has the columns `<name>_first` and `<name>_last`.
REGISTERS: tuple[str, ...] = (
    "total",
    *(f"supplier_{number}" for number in range(1, 11)),
    *(f"distributor_{number}" for number in range(1, 5)),
    "injected",
    *(f"reactive_{number}" for number in range(1, 5)),
)
TOTAL, INJECTED = REGISTERS.index("total"), REGISTERS.index("injected")
SUPPLIER = range(REGISTERS.index("supplier_1"), REGISTERS.index("supplier_10") + 1)
