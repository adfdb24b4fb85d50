"""Stand-in of the helper package that Recorded Future puts beside every extension; as much as the extension uses."""
