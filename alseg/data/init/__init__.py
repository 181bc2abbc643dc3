"""Looking at a folder of images and label files, and proposing an experiment file for it."""
