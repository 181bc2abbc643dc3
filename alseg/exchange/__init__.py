"""Results as data: packs, which are checked archives of many people's runs without weights and pixels."""
