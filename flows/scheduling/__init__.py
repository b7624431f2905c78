"""Waves that start by themselves: one scheduled flow run of Prefect's for each wave of a plan, kept to what the sheet says.

What is wanted and how it differs from what there is (wave_pin.py, timetable.py, changes.py) is plain code; the modules called
prefect_... talk to Prefect. What a scheduled run does before it starts stands in at_start.py and wave_dependencies.py.
"""
