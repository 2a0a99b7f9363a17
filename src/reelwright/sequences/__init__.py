"""Image sequences as values: rules, sheets, harvests, ranges. Pure: no file, process or clock is touched here."""
