"""The final network of a run put to use: predictions of any image, exported networks, data sets of labels."""
