"""What to do about names that were rejected and look as if they belonged."""
