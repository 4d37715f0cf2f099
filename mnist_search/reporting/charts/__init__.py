"""Charts with Vega-Altair: one function each, for the page, image files and notebooks alike.

The modules of this room import Altair, which is heavy; everyone else imports them late.
"""
