"""What others add to Reelwright: matchers of rules, encoders, raster steps, notifiers. See docs/plugins.md."""
