"""Predictions for any number of images: where they come from, where the rows go, and how a second start goes on.

folders.py, archives.py, tables.py, addresses.py   a kind of input each: its images one after the other
inputs.py          what a user names, as images
row_files.py       rows as they come, into a CSV, JSONL or Parquet file
parts_folder.py    a folder of such files, which a second start adds to
sorted_copies.py   the images themselves, in a folder for each class
summary.py         what the terminal says at the end
predict.py         all of it together
"""
