"""What tests share: drivers, fakes, builders. Imported by tests only."""
