"""Context (Doersch, Gupta and Efros, ICCV 2015)."""
