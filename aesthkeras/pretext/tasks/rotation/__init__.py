"""RotNet (Gidaris et al., ICLR 2018)."""
