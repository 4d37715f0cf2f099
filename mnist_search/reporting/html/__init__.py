"""The report as one self-contained page that loads nothing from the network."""
