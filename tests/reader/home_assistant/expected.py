"""The entities of each kind of simulated meter, from 54E 6.1 and 6.2 and the contract."""

EVERY = (
    "mode contract period overload subscribed_power headroom_power headroom_current estimated_power"
    " link link_quality parity_errors spool reader_version"
)
HISTORIC = f"{EVERY} adco isousc papp"
STANDARD = (
    f"{EVERY} adsc prm vtic stge msg1 east easd01 irms1 urms1 umoy1 pcoup sinsts smaxsn smaxsn_1 ccasn"
    " contact cutoff cover_open overvoltage producer clock_degraded plc plc_synchronised relay_1"
    " supplier_index njourf njourf_p1 pjourf_p1"
)
PHASES = {
    "historic-single": "iinst",
    "historic-three": "iinst1 iinst2 iinst3 pmax ppot",
    "standard-single": "",
    "standard-three": "irms2 irms3 urms2 urms3 umoy2 umoy3 sinsts1 sinsts2 sinsts3 smaxsn1 smaxsn2 smaxsn3",
}
HISTORIC_CONTRACTS = {
    "base": "base",
    "hchp": "hchc hchp import_total_hchp off_peak",
    "tempo": "bbrhcjb bbrhpjb bbrhcjw bbrhpjw bbrhcjr bbrhpjr import_total_tempo off_peak tempo_today tempo_tomorrow",
    "ejp": "ejphn ejphpm import_total_ejp peak_notice peak",
}
BY_SEASON = "easd02 easd03 easd04"  # with two kinds of hours, the distributor has a register by season and kind
STANDARD_CONTRACTS = {
    "base": "easf01",
    "tempo": f"{BY_SEASON} easf01 easf02 easf03 easf04 easf05 easf06 off_peak tempo_today tempo_tomorrow dpm2 fpm2",
    "weekend": f"{BY_SEASON} easf01 easf02 easf03",  # that there are off-peak hours is known when they come
    "producer": "easf01 eait erq1 erq2 erq3 erq4 sinsti smaxin smaxin_1 ccain exporting",
}


def expected(kind: str) -> set[str]:
    mode, phases, _, contract = kind.split("-")
    common, contracts = (HISTORIC, HISTORIC_CONTRACTS) if mode == "historic" else (STANDARD, STANDARD_CONTRACTS)
    return set(f"{common} {PHASES[f'{mode}-{phases}']} {contracts[contract]}".split())
