"""How good translations, alignments and explanations are."""
