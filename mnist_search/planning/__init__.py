"""Planning: what a search will cost, before it is made.

A few networks are timed (`calibration`); then the search is simulated several times (`forecast`)
by its own loop, on an executor that has a virtual clock in place of workers (`simulation`).
"""
